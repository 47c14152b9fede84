#include "steer/diffusion/denoiser.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/diffusion/test_worlds.h"

namespace steer {
namespace {

const Tensor kSigma = doubles({0.002, 0.05, 0.4, 1, 6, 75});

// What a perfect network of this kind answers to its input.
NoisePredictor perfect(const Denoiser& D, Prediction prediction, const Process& process,
                       const Tensor& sigma) {
  return [=](const Tensor& input, const Tensor&) {
    const Preconditioning c = preconditioning(prediction, process, sigma);
    const Tensor x = input / over(c.in, input);
    return (D(x, sigma) - over(c.skip, x) * x) / over(c.out, x);
  };
}

TEST(Prediction, EveryKindBecomesEveryOtherAndBack) {
  const Tensor x0 = normals(1, {3, 2}, 6), xbar = x0 + over(kSigma, x0) * normals(2, {3, 2}, 6);
  const std::vector<Prediction> kinds = {Prediction::kEps, Prediction::kX0, Prediction::kV,
                                         Prediction::kVelocity, Prediction::kScore};
  for (Prediction from : kinds)
    for (Prediction to : kinds) {
      const Tensor value = from_x0(from, x0, xbar, kSigma);
      const Tensor other = converted(from, to, value, xbar, kSigma);
      EXPECT_LT(largest(x0_from(to, other, xbar, kSigma) - x0), 1e-9) << name(from) << " to " << name(to);
      EXPECT_LT(largest(converted(to, from, other, xbar, kSigma) / value - 1), 1e-6);
    }
  EXPECT_THROW(from_x0(Prediction::kEdm, x0, xbar, kSigma), Error);
}

TEST(Prediction, KindsAreTheTableOfTargets) {
  const Tensor y = normals(1, {4}, 6), n = normals(2, {4}, 6), sigma = over(kSigma, y), x = y + sigma * n;
  const Tensor a = (1 + sigma * sigma).rsqrt(), b = sigma * a;
  EXPECT_LT(largest(from_x0(Prediction::kEps, y, x, kSigma) - n), 1e-9);
  EXPECT_LT(largest(from_x0(Prediction::kV, y, x, kSigma) - (a * n - b * y)), 1e-9);
  EXPECT_LT(largest(from_x0(Prediction::kVelocity, y, x, kSigma) - (n - y)), 1e-9);
  EXPECT_LT(largest((from_x0(Prediction::kScore, y, x, kSigma) + n / sigma) * sigma), 1e-9);
  // In x_t = a xbar: y = a x_t - b v, eps = b x_t + a v; in flow time: y = x_t - t v, eps = x_t + (1 - t) v.
  const Tensor v = a * n - b * y, xt = a * x, u = n - y, t = sigma / (1 + sigma), xf = (1 - t) * x;
  EXPECT_LT(largest(a * xt - b * v - y), 1e-9);
  EXPECT_LT(largest(b * xt + a * v - n), 1e-9);
  EXPECT_LT(largest(xf - t * u - y), 1e-9);
  EXPECT_LT(largest(xf + (1 - t) * u - n), 1e-9);
}

TEST(Prediction, AnErrorOfDBecomesTheKnownErrorOfEachKind) {
  const Tensor x0 = normals(1, {4}, 6), xbar = normals(2, {4}, 6), step = 0.1 * normals(3, {4}, 6);
  const Tensor sigma = over(kSigma, x0), one = at::ones_like(sigma);
  const auto growth = [&](Prediction kind) {
    const Tensor moved = from_x0(kind, x0 + step, xbar, kSigma) - from_x0(kind, x0, xbar, kSigma);
    return moved.square() / step.square();
  };
  EXPECT_LT(largest(growth(Prediction::kEps) * sigma.square() - 1), 1e-6);
  EXPECT_LT(largest(growth(Prediction::kV) * sigma.square() / (1 + sigma.square()) - 1), 1e-6);
  EXPECT_LT(largest(growth(Prediction::kVelocity) * (sigma / (1 + sigma)).square() - 1), 1e-6);
}

TEST(Prediction, NamesRoundTripAndOthersAreRefused) {
  for (const std::string& word : prediction_names()) EXPECT_EQ(name(make_prediction(word)), word);
  EXPECT_THROW(make_prediction("epsilon"), Error);
}

TEST(Preconditioning, VpVIsEdmWithUnitDataUpToTheSignOfF) {
  const Preconditioning v = preconditioning(Prediction::kV, process_of("vp"), kSigma);
  const Preconditioning edm = preconditioning(Prediction::kEdm, process_of("edm", 1), kSigma);
  EXPECT_LT(largest(v.skip - edm.skip), 1e-12);
  EXPECT_LT(largest(v.out + edm.out), 1e-12);
  EXPECT_LT(largest(v.in - edm.in), 1e-12);
}

TEST(Preconditioning, EdmKeepsInputAndTargetAtUnitVariance) {
  // For data of variance sd^2: in^2 (sd^2 + sigma^2) = 1 and ((1 - skip)^2 sd^2 + skip^2 sigma^2) / out^2
  // = 1.
  const Preconditioning c = preconditioning(Prediction::kEdm, process_of("edm"), kSigma);
  const Tensor square = kSigma.square();
  EXPECT_LT(largest(c.in.square() * (0.25 + square) - 1), 1e-12);
  EXPECT_LT(largest(((1 - c.skip).square() * 0.25 + c.skip.square() * square) / c.out.square() - 1), 1e-9);
}

TEST(Preconditioning, FlowAndNoiseColumnsAreThePublishedOnes) {
  const Preconditioning flow = preconditioning(Prediction::kVelocity, process_of("flow"), kSigma);
  EXPECT_LT(largest(flow.in - 1 / (1 + kSigma)), 1e-15);
  EXPECT_LT(largest(flow.skip - flow.in), 1e-15);
  EXPECT_LT(largest(flow.out + kSigma / (1 + kSigma)), 1e-15);
  const Preconditioning ve = preconditioning(Prediction::kScore, process_of("ve"), kSigma);
  EXPECT_LT(largest(ve.in - 1), 1e-15);
  EXPECT_LT(largest(ve.out - kSigma), 1e-15);
  EXPECT_LT(largest(preconditioning(Prediction::kEps, process_of("ddpm"), kSigma).in -
                    (1 + kSigma.square()).rsqrt()),
            1e-12);
}

TEST(Denoiser, ChangingProcessAndPredictionLeavesDUnchanged) {
  const Denoiser D = exact_denoiser(make_world("eight_gaussians"));
  const Tensor x = normals(4, {2}, 6) * over(1 + kSigma, normals(4, {2}, 6)), truth = D(x, kSigma);
  for (const std::string& type : process_names())
    for (const std::string& word : prediction_names()) {
      const Prediction prediction = make_prediction(word);
      const Denoiser made = preconditioned(perfect(D, prediction, process_of(type), kSigma), prediction,
                                           process_of(type), torch::kFloat64);
      EXPECT_LT(largest(made(x, kSigma) - truth), 1e-9) << type << ", " << word;
    }
}

TEST(Denoiser, VelocityOnAnotherScheduleFollowsTheTransformOfItsPath) {
  // u_r = (s'/s) x + s t' u_t(x / s): from the line (t) to the circle, a = cos r, b = sin r, by the same D.
  const Denoiser D = exact_denoiser(make_world("two_moons"));
  const double r = 0.6, a = std::cos(r), b = std::sin(r), sigma = b / a, t = sigma / (1 + sigma);
  const Tensor x = normals(5, {2}, 3), level = at::full({3}, sigma, torch::kFloat64);
  const Tensor v = from_x0(Prediction::kV, D(x / a, level), x / a, level);
  // x_r = s x_t with s = a / (1 - t) = a + b and t = b / (a + b).
  const double s = a + b, s_rate = a - b, t_rate = 1 / (s * s);
  const Tensor xt = x / s;
  const Tensor line = from_x0(Prediction::kVelocity, D(xt / (1 - t), level), xt / (1 - t), level);
  EXPECT_LT(largest(v - (s_rate / s * x + s * t_rate * line)), 1e-9);
}

TEST(Denoiser, TheNetworkSeesItsOwnTypeAndTheResultHasThatOfX) {
  const NoisePredictor network = [](const Tensor& x, const Tensor& label) {
    EXPECT_EQ(x.scalar_type(), torch::kFloat32);
    EXPECT_EQ(label.scalar_type(), torch::kFloat32);
    return x.to(torch::kBFloat16);
  };
  const Denoiser D = preconditioned(network, Prediction::kEdm, process_of("edm"));
  EXPECT_EQ(D(normals(1, {3, 4, 4}, 6), kSigma).scalar_type(), torch::kFloat64);
  EXPECT_EQ(D(normals(1, {3, 4, 4}, 6).to(torch::kFloat32), kSigma.to(torch::kFloat32)).scalar_type(),
            torch::kFloat32);
}

TEST(Denoiser, ClassifierFreeExtrapolatesAndCountsItsEvaluations) {
  const auto calls = std::make_shared<int64_t>(0);
  const Denoiser one = counted([](const Tensor& x, const Tensor&) { return at::full_like(x, 1); }, calls);
  const Denoiser three = counted([](const Tensor& x, const Tensor&) { return at::full_like(x, 3); }, calls);
  const Tensor x = at::zeros({6, 1}, torch::kFloat64);
  EXPECT_EQ(classifier_free(three, one, 2.5)(x, kSigma)[0].item<double>(), 6);
  EXPECT_EQ(*calls, 2);
  EXPECT_EQ(classifier_free(three, one, 0)(x, kSigma)[0].item<double>(), 1);
  EXPECT_EQ(classifier_free(three, one, 1)(x, kSigma)[0].item<double>(), 3);
  EXPECT_EQ(*calls, 4);
}

TEST(Denoiser, OneSigmaForEachSampleIsDemanded) {
  const Denoiser D =
      preconditioned([](const Tensor& x, const Tensor&) { return x; }, Prediction::kEps, process_of("vp"));
  EXPECT_THROW(D(normals(1, {2}, 5), kSigma), Error);
}

}  // namespace
}  // namespace steer
