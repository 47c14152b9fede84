#include "steer/guidance/covariance_pull.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/diffusion/test_worlds.h"
#include "steer/guidance/climb.h"
#include "steer/guidance/presets.h"
#include "steer/image/image_space.h"
#include "steer/objectives/objective.h"

namespace steer {
namespace {

// Data N(m, S) of five numbers that hang together, S full.
struct TiedGaussian {
  Tensor mean = normals(1, {5}, 1)[0];
  Tensor root = normals(2, {5, 5}, 1)[0];
  Tensor covariance = at::matmul(root, root.t()) + 0.1 * at::eye(5, torch::kFloat64);

  Denoiser denoiser() const {
    return [*this](const Tensor& x, const Tensor& sigma) {
      const double square = std::pow(sigma[0].item<double>(), 2);
      const Tensor gain =
          at::matmul(covariance, at::linalg_inv(covariance + square * at::eye(5, torch::kFloat64)));
      return (mean + at::matmul(x.flatten(1) - mean, gain.t())).view_as(x);
    };
  }

  // E[x0 | xbar, measurements], of precision matrices A'A / noise^2 and vectors A'y / noise^2.
  Tensor told(const Tensor& x, double sigma, const Tensor& precision, const Tensor& pull) const {
    const Tensor inverse = at::linalg_inv(covariance), eye = at::eye(5, torch::kFloat64);
    const Tensor all = inverse + eye / (sigma * sigma) + precision;
    const Tensor sum = at::matmul(inverse, mean) + x.flatten(1) / (sigma * sigma) + pull;
    return at::matmul(sum, at::linalg_inv(all).t()).view_as(x);
  }
};

// Two looks at five numbers: each by itself, of other precisions and one not at all; and the mean of the same
// numbers through a blur.
std::vector<Measurement> two_looks() {
  Measurement one;
  one.y = normals(3, {1, 1, 5}, 1);
  one.weight = doubles({1, 0, 3, 0.5, 0}).view({1, 1, 1, 5});
  one.scale = 8;
  Measurement two;
  two.map.blur = [](const Tensor& x) { return (x + x.flip(3)) / 2; };
  two.y = normals(4, {1, 1, 5}, 1);
  two.scale = 2;
  return {one, two};
}

class TwoLooks : public Objective {
 public:
  Tensor score(const State& sample) const override {
    Tensor sum;
    for (const Measurement& m : two_looks())
      sum = sum.defined() ? sum + log_likelihood(m, sample.x) : log_likelihood(m, sample.x);
    return sum;
  }
  bool differentiable() const override { return true; }
  std::vector<Measurement> linear() const override { return two_looks(); }
  std::string words() const override { return "two looks"; }
};

TEST(CovariancePull, SolvesTheWholeSystem) {
  const TiedGaussian world;
  const double sigma = 0.9;
  const Tensor x0 = normals(5, {1, 1, 5}, 3);
  const Tensor gain = at::matmul(
      world.covariance, at::linalg_inv(world.covariance + sigma * sigma * at::eye(5, torch::kFloat64)));
  const PassBack back = [&](const Tensor& u) { return at::matmul(u.flatten(1), gain).view_as(u); };
  const std::vector<Measurement> looks = two_looks();
  const Tensor pull = covariance_pull(looks, x0, sigma * sigma, back, 12);

  // As one matrix: rows of both, without those of no weight.
  const Tensor eye = at::eye(5, torch::kFloat64);
  const Tensor A =
      at::cat({eye.index_select(0, at::tensor({0, 2, 3}, torch::kInt64)), (eye + eye.flip(1)) / 2});
  const Tensor noise = at::cat({1 / (16 * doubles({1, 3, 0.5})), at::full({5}, 0.25, torch::kFloat64)});
  const Tensor y = at::cat(
      {looks[0].y.flatten().index_select(0, at::tensor({0, 2, 3}, torch::kInt64)), looks[1].y.flatten()});
  const Tensor system = at::matmul(A, at::matmul(sigma * sigma * gain, A.t())) + at::diag(noise);
  const Tensor rest = y - at::matmul(x0.flatten(1), A.t());
  const Tensor expected = at::matmul(at::matmul(rest, at::linalg_inv(system).t()), A);
  EXPECT_LT(largest(pull.flatten(1) - expected), 1e-5);
  // Fewer steps say less, and each sample is for itself.
  EXPECT_GT(largest(covariance_pull(looks, x0, sigma * sigma, back, 1).flatten(1) - expected), 1e-2);
  EXPECT_LT(
      largest(covariance_pull(looks, x0.narrow(0, 1, 1), sigma * sigma, back, 12) - pull.narrow(0, 1, 1)),
      1e-12);
}

TEST(CovariancePull, GuidedAnswersAreThePosteriorsOfDataThatHangTogether) {
  const TiedGaussian world;
  const TwoLooks objective;
  const Tensor x = normals(6, {1, 1, 5}, 2);
  const auto answer = [&](int64_t steps) {
    ClimbOptions options = climb_preset("pigdm");
    options.clip_x0 = false, options.jacobian = steps;
    SolverOptions solver;
    solver.name = "euler";
    const Smoothed smoothed(objective, image_space(1, 1, 5));
    const Tensor levels = doubles({2, 1});
    const Step step = climb(make_step(solver, {}), smoothed, options, solver, levels, {});
    const Tensor moved = solve(world.denoiser(), x, levels, step).x;
    return x + 2 * (moved - x);  // x' = x + (1 - 2) (x - D') / 2
  };
  const Tensor fold = (at::eye(5, torch::kFloat64) + at::eye(5, torch::kFloat64).flip(1)) / 2;
  const std::vector<Measurement> looks = two_looks();
  const Tensor weight = 16 * looks[0].weight.flatten();
  const Tensor precision = at::diag(weight) + 4 * at::matmul(fold.t(), fold);
  const Tensor pull = weight * looks[0].y.flatten() + 4 * at::matmul(fold.t(), looks[1].y.flatten());
  const Tensor expected = world.told(x, 2, precision, pull);
  EXPECT_LT(largest(answer(12) - expected), 1e-5);
  EXPECT_GT(largest(answer(0) - expected), 0.05);  // one deviation for all does not know what hangs together
}

}  // namespace
}  // namespace steer
