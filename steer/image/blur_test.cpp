#include "steer/image/blur.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"

namespace steer {
namespace {

Tensor normal(at::IntArrayRef shape, uint64_t seed) {
  torch::manual_seed(seed);
  return torch::randn(shape, torch::kFloat64);
}

TEST(Blur, TheKernelHasMassOneAndTheStatedDeviation) {
  const Tensor kernel = gaussian_kernel(1.5, 12), place = torch::arange(-12, 13, torch::kFloat64);
  EXPECT_NEAR(kernel.sum().item<double>(), 1, 1e-12);
  EXPECT_NEAR((kernel * place.square()).sum().item<double>(), 2.25, 1e-6);
  EXPECT_TRUE(torch::equal(kernel, kernel.flip({0})));
  EXPECT_EQ(gaussian_kernel(1.5, 0).item<double>(), 1);
}

TEST(Blur, AnImpulseBecomesTheProductOfTheKernels) {
  const Tensor kernel = gaussian_kernel(1.5, 3);
  Tensor impulse = torch::zeros({1, 2, 16, 12}, torch::kFloat64);
  impulse[0][1][8][6] = 2;
  const Tensor seen = blurred(impulse, kernel);
  EXPECT_TRUE(torch::allclose(seen[0][1].slice(0, 5, 12).slice(1, 3, 10), 2 * torch::outer(kernel, kernel)));
  EXPECT_NEAR(seen[0][1].sum().item<double>(), 2, 1e-12);
  EXPECT_EQ(seen[0][0].abs().max().item<double>(), 0);
}

TEST(Blur, KeepsConstantsAndBlursTwiceAsOneWiderBlur) {
  const Tensor flat = torch::full({1, 1, 9, 9}, 0.7, torch::kFloat64);
  EXPECT_TRUE(torch::allclose(blurred(flat, gaussian_kernel(2, 8)), flat));
  // Deviations add as squares; mirrored borders keep this to the edge.
  const Tensor x = normal({2, 3, 40, 40}, 1);
  const Tensor twice = blurred(blurred(x, gaussian_kernel(1.5, 12)), gaussian_kernel(2, 16));
  EXPECT_LT((twice - blurred(x, gaussian_kernel(2.5, 20))).abs().max().item<double>(), 1e-4);
}

TEST(Blur, ItsGradientIsItsAdjoint) {
  const Tensor kernel = gaussian_kernel(1.5, 6);
  Tensor x = normal({2, 3, 10, 14}, 2).requires_grad_();
  const Tensor y = normal({2, 3, 10, 14}, 3), direction = normal({2, 3, 10, 14}, 4);
  (blurred(x, kernel) * y).sum().backward();
  torch::NoGradGuard no_grad;
  // <A d, y> = <d, A' y>, and A is linear.
  const double forward = (blurred(direction, kernel) * y).sum().item<double>();
  EXPECT_NEAR((direction * x.grad()).sum().item<double>(), forward, 1e-9);
  EXPECT_TRUE(torch::allclose(blurred(2 * x - y, kernel), 2 * blurred(x, kernel) - blurred(y, kernel)));
}

TEST(Blur, RefusesWhatCannotBeMirrored) {
  const Tensor x = torch::zeros({1, 1, 8, 6});
  EXPECT_NO_THROW(blurred(x, gaussian_kernel(1.5, 5)));
  EXPECT_THROW(blurred(x, gaussian_kernel(1.5, 6)), Error);
  EXPECT_THROW(blurred(x[0], gaussian_kernel(1.5, 2)), Error);
  EXPECT_THROW(blurred(x, torch::ones({4})), Error);
  EXPECT_THROW(gaussian_kernel(0, 2), Error);
  EXPECT_THROW(gaussian_kernel(1, -1), Error);
}

}  // namespace
}  // namespace steer
