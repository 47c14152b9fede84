#include "steer/points/planes.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

TEST(Planes, DrawPointsThatDependOnTheirSeedAndPlaceAlone) {
  for (const std::string& name : plane_names()) {
    const Plane plane = make_plane(name);
    const PlanePoints many = plane.draw(500, 3), few = plane.draw(20, 3);
    EXPECT_TRUE(torch::equal(many.x.narrow(0, 0, 20), few.x)) << name;
    EXPECT_TRUE(torch::equal(many.label.narrow(0, 0, 20), few.label)) << name;
    EXPECT_FALSE(torch::equal(plane.draw(20, 4).x, few.x)) << name;
    EXPECT_LT(many.x.abs().max().item<double>(), name == "gaussian" ? 3 : 1.6) << name;
    EXPECT_EQ(many.label.max().item<int64_t>(), static_cast<int64_t>(plane.classes.size()) - 1) << name;
  }
}

TEST(Planes, LabelsAreThePiecesOfMixtures) {
  const PlanePoints moons = make_plane("two_moons").draw(2000, 1);
  // The upper moon's ends are at (-0.9, -0.15) and (0.3, -0.15), its top at (-0.3, 0.45).
  const Tensor upper = moons.x.index({moons.label == 0});
  EXPECT_NEAR(upper.select(1, 0).mean().item<double>(), -0.3, 0.05);
  EXPECT_NEAR(static_cast<double>(upper.size(0)) / 2000, 0.5, 0.05);
  const PlanePoints ring = make_plane("eight_gaussians").draw(800, 1);
  for (int64_t i = 0; i < 8; ++i) {
    const Tensor middle = ring.x.index({ring.label == i}).mean(0);
    EXPECT_NEAR(middle.square().sum().item<double>(), 1, 0.15) << i;
  }
}

TEST(Planes, DensitiesIntegrateToOneAndHaveTheirGradient) {
  const auto doubles = at::TensorOptions().dtype(torch::kFloat64);
  for (const std::string& name : plane_names()) {
    const auto log_density = make_plane(name).log_density(0.1);
    const Tensor axis = (at::arange(80, doubles) + 0.5) / 80 * 4 - 2;
    const Tensor grid = at::stack({axis.repeat({80}), axis.repeat_interleave(80)}, 1);
    EXPECT_NEAR(log_density(grid).exp().sum().item<double>() * 0.05 * 0.05, 1, 0.02) << name;
    // Between the knots of the interpolation, and beyond its grid.
    Tensor x = torch::tensor({{0.2011, -0.4017}, {-0.633, 0.115}, {1.9, 0.3}}, doubles).requires_grad_(true);
    const Tensor gradient = torch::autograd::grad({log_density(x).sum()}, {x})[0];
    constexpr double kStep = 1e-6;
    for (int64_t axis = 0; axis < 2; ++axis) {
      Tensor moved = x.detach().clone();
      moved.select(1, axis).add_(kStep);
      const Tensor slope = (log_density(moved) - log_density(x.detach())) / kStep;
      EXPECT_TRUE(torch::allclose(slope, gradient.select(1, axis), 1e-3, 1e-3)) << name;
    }
  }
}

TEST(Planes, UnknownNamesAreRefused) {
  EXPECT_EQ(
      refusal([] { make_plane("two_moon"); }),
      "[points] unknown distribution \"two_moon\": expected spirals, qr, words, gaussian, blobs, uniform, "
      "eight_gaussians, two_moons, checkerboard, or a PNG, JPEG or WebP file; did you mean two_moons?");
}

}  // namespace
}  // namespace steer
