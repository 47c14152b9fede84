#include "steer/guidance/smoothed.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/image/image_space.h"
#include "steer/modalities/objectives.h"

namespace steer {
namespace {

constexpr int64_t kSide = 8, kChannels = 3;
constexpr double kStd = 0.4;

// Every linear objective of colour images.
const std::vector<std::string> kLinear = {
    "inpaint(mask=left)",     "super_resolve(factor=4)",           "colourise()",      "denoise(noise=0.3)",
    "gaussian_deblur(std=1)", "gaussian_deblur(std=2, noise=0.2)", "gaussian(std=0.2)"};

std::unique_ptr<Objective> asked(const std::string& words, const Tensor& truth) {
  ObjectiveContext context;
  context.space = image_space(kChannels, kSide, kSide);
  context.truth = truth;
  return make_objective(words, context);
}

Tensor picture(uint64_t seed, int64_t count) {
  torch::manual_seed(seed);
  return (torch::rand({count, kChannels, kSide, kSide}, torch::kFloat64) * 2 - 1);
}

// ln N(y; A x, noise^2 + std^2 A A^T) with A as a matrix, up to its constant: [N].
Tensor dense(const Measurement& m, const Tensor& x, double std) {
  const int64_t size = kChannels * kSide * kSide;
  const Tensor basis = at::eye(size, x.options()).view({size, kChannels, kSide, kSide});
  const Tensor A = m.map.measure(basis).flatten(1).t();
  Tensor weight = m.weight.defined()
                      ? m.weight.to(x.dtype()).expand({1, m.y.size(1), m.y.size(2), m.y.size(3)}).flatten()
                      : at::ones({A.size(0)}, x.options());
  const Tensor seen = weight > 0;
  const Tensor rows = A.index({seen});
  const Tensor noise = at::diag(1 / (2 * m.scale * weight.index({seen})));
  const Tensor M = noise + std * std * at::matmul(rows, rows.t());
  const Tensor r =
      (m.y.to(x.dtype()).flatten(1) - m.map.measure(x).flatten(1)).index({torch::indexing::Slice(), seen});
  return -(r * torch::linalg_solve(M, r.t()).t()).sum(1) / 2;
}

TEST(Smoothed, LinearTermsInClosedFormAreGaussianIntegrals) {
  for (const std::string& words : kLinear) {
    const Tensor truth = picture(1, 1).to(torch::kFloat32), x = picture(2, 5);
    const auto objective = asked(words, truth);
    const Smoothed smoothed(*objective, image_space(3, kSide, kSide));
    EXPECT_TRUE(smoothed.linear());
    const Tensor expected = dense(objective->linear()[0], x, kStd);
    const Tensor closed = smoothed.closed(x, kStd);
    EXPECT_LT(((closed - expected) / expected).abs().max().item<double>(), 1e-6) << words;
    // Without noise it is the objective itself.
    EXPECT_LT((smoothed.closed(x, 0) - objective->score(x)).abs().max().item<double>(), 1e-6) << words;
  }
}

TEST(Smoothed, TermsOfASumCountByTheirWeights) {
  const Tensor x = picture(2, 5);
  const auto sum =
      asked("3*inpaint(mask=left) + 0.2*super_resolve(factor=4)", picture(1, 1).to(torch::kFloat32));
  const Smoothed smoothed(*sum, image_space(3, kSide, kSide));
  const Tensor plain = sum->score(x);
  EXPECT_LT(((smoothed.closed(x, 0) - plain) / plain).abs().max().item<double>(), 1e-6);
  // A weight is that many measurements: it divides the variance of the noise, not that of the sample.
  Tensor expected = at::zeros({5}, torch::kFloat64);
  for (const Objective::Part& part : sum->parts()) {
    Measurement m = part.objective->linear()[0];
    m.scale *= part.weight;
    expected = expected + dense(m, x, kStd);
  }
  EXPECT_LT(((smoothed.closed(x, kStd) - expected) / expected).abs().max().item<double>(), 1e-6);
}

TEST(Smoothed, ItsGradientIsThatOfTheIntegral) {
  for (const std::string& words : kLinear) {
    const auto objective = asked(words, picture(1, 1).to(torch::kFloat32));
    const Smoothed smoothed(*objective, image_space(3, kSide, kSide));
    const Tensor x = picture(3, 2).requires_grad_(true), z = picture(4, 2).requires_grad_(true);
    z.data().copy_(x.data());
    const Tensor got = torch::autograd::grad({smoothed.closed(x, kStd).sum()}, {x})[0];
    const Tensor wanted = torch::autograd::grad({dense(objective->linear()[0], z, kStd).sum()}, {z})[0];
    EXPECT_LT((got - wanted).abs().max().item<double>() / wanted.abs().max().item<double>(), 1e-4) << words;
  }
}

TEST(Smoothed, TargetsKeepTheirGroups) {
  const Tensor truth = picture(5, 2).to(torch::kFloat32), x = picture(6, 6);
  for (const std::string& words : kLinear) {
    if (words.rfind("gaussian(", 0) == 0) continue;
    const auto both = asked(words, truth), second = asked(words, truth.narrow(0, 1, 1));
    if (words.rfind("denoise", 0) == 0) continue;  // its noise depends on the place
    const Tensor all = Smoothed(*both, image_space(3, kSide, kSide)).closed(x, kStd);
    const Tensor alone = Smoothed(*second, image_space(3, kSide, kSide)).closed(x.narrow(0, 3, 3), kStd);
    EXPECT_LT((all.narrow(0, 3, 3) - alone).abs().max().item<double>() / alone.abs().max().item<double>(),
              1e-4)
        << words;
  }
}

TEST(Smoothed, DrawsGiveTheLogarithmOfTheMean) {
  const CurvedObjective objective;
  const Smoothed smoothed(objective, image_space(1, 2, 3));
  const Tensor y = normals(3, {1, 2, 3}, 2), noise = normals(4, {5, 1, 2, 3}, 2);
  const Tensor mean = (objective.score((y.unsqueeze(1) + noise).flatten(0, 1)).view({2, 5})).exp().mean(1);
  EXPECT_LT(largest(smoothed.drawn(y, noise) - mean.log()), 1e-12);
  EXPECT_LT(largest(smoothed.drawn(y, {}) - objective.score(y)), 1e-12);
}

// -weight |y - A x| of each measurement, whatever its noise.
TEST(Smoothed, LengthsHaveNoUnitOfNoise) {
  auto near = std::make_unique<PointObjective>(0.5, 0.01);
  near->set_width(2);
  std::vector<WeightedSum::Term> terms;
  terms.push_back({3, std::move(near)});
  const WeightedSum sum(std::move(terms));
  const Smoothed smoothed(sum, image_space(1, 1, 2), true);
  ASSERT_TRUE(smoothed.of_lengths());
  const Tensor y = doubles({0.5, 0.5, 3.5, 4.5}).view({2, 1, 1, 2}).requires_grad_(true);
  const torch::AutoGradMode with_gradients(true);
  const Tensor value = smoothed.drawn(y, {});
  EXPECT_NEAR(value[1].item<double>(), -15, 1e-12);
  // At the target itself the slope is 0 and not infinite.
  const Tensor gradient = torch::autograd::grad({value.sum()}, {y})[0].flatten();
  EXPECT_LT(largest(gradient - doubles({0, 0, -1.8, -2.4})), 1e-9);
  // Beside other terms there is no length of what is left.
  const CurvedObjective curved;
  EXPECT_FALSE(Smoothed(curved, image_space(1, 1, 2), true).of_lengths());
}

}  // namespace
}  // namespace steer
