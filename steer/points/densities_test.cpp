#include "steer/points/densities.h"

#include <gmock/gmock.h>

#include <cmath>

#include "steer/picture/images.h"
#include "steer/testing/test_files.h"

namespace steer {
namespace {

using testing::HasSubstr;

const auto kDouble = at::TensorOptions().dtype(torch::kFloat64);

TEST(Densities, EachIsADistribution) {
  for (const std::string& name : density_names())
    for (int64_t bins : {2, 37, 100}) {
      const Tensor map = make_density(name, bins).map;
      EXPECT_EQ(map.sizes(), at::IntArrayRef({bins, bins})) << name;
      EXPECT_NEAR(map.sum().item<double>(), 1, 1e-12) << name;
      EXPECT_GE(map.min().item<double>(), 0) << name;
    }
}

TEST(Densities, TheGaussianFallsByItsFormulaAndTheUniformNotAtAll) {
  const Tensor map = make_density("gaussian", 101).map;
  // The cell in the middle stands at 0, one at the right border at x = 1.
  EXPECT_NEAR((map[50][100] / map[50][50]).item<double>(), std::exp(-1 / 0.3), 1e-12);
  EXPECT_NEAR((map[0][0] / map[50][50]).item<double>(), std::exp(-2 / 0.3), 1e-12);
  EXPECT_TRUE(torch::allclose(make_density("uniform", 10).map, torch::full({10, 10}, 0.01, kDouble)));
}

TEST(Densities, SpiralsAreTheSameUpsideDownAndFindersStandInThreeCorners) {
  const Tensor spirals = make_density("spirals", 80).map;
  EXPECT_TRUE(torch::allclose(spirals, spirals.flip({0, 1}), 1e-9, 1e-12));
  // One cell for each module of the QR code and its border.
  const Tensor qr = make_density("qr", 27).map > 0;
  const Tensor finder = qr.slice(0, 1, 8).slice(1, 1, 8);
  EXPECT_EQ(finder.sum().item<int64_t>(), 33);
  EXPECT_TRUE(torch::equal(qr.slice(0, 1, 8).slice(1, 19, 26), finder));
  EXPECT_TRUE(torch::equal(qr.slice(0, 19, 26).slice(1, 1, 8), finder));
  EXPECT_EQ(qr.select(0, 0).sum().item<int64_t>(), 0);
}

TEST(Densities, APictureIsDenseWhereItIsBright) {
  const TemporaryFolder folder;
  Tensor picture = torch::full({3, 8, 4}, -1.0);
  picture.slice(1, 0, 4).slice(2, 2, 4) = 1;  // upper right
  write_png(folder / "corner.png", picture);
  const Tensor map = make_density(folder / "corner.png", 2).map;
  EXPECT_TRUE(torch::equal(map, torch::tensor({{0.0, 1.0}, {0.0, 0.0}}, kDouble)));
  const Tensor points = sample_points({map}, 100, 3);
  EXPECT_GE(points.min().item<double>(), 0);
}

TEST(Densities, WhatCannotBeMadeIsRefused) {
  const TemporaryFolder folder;
  const auto density_refusal = [](const std::string& name, int64_t bins) {
    return refusal([&] { make_density(name, bins); });
  };
  EXPECT_THAT(density_refusal("spiral", 100), HasSubstr("unknown density \"spiral\""));
  EXPECT_THAT(density_refusal("spiral", 100), HasSubstr("did you mean spirals?"));
  EXPECT_THAT(density_refusal("missing.png", 100), HasSubstr("missing.png"));
  EXPECT_THAT(density_refusal("spirals", 1), HasSubstr("2 to 1000 bins but got 1"));
  write_png(folder / "black.png", torch::full({1, 4, 4}, -1.0));
  EXPECT_THAT(density_refusal(folder / "black.png", 10), HasSubstr("all black"));
}

TEST(SamplePoints, TheirHistogramConvergesToTheDensity) {
  const Density density = make_density("blobs", 30);
  double before = 1;
  // The error of a histogram falls with the square root of the number of points.
  for (int64_t count : {1000, 16000, 256000}) {
    const double error = divergences(cell_shares(sample_points(density, count, 5), 30), density.map).tv;
    EXPECT_LT(error, before / 3);
    before = error;
  }
  EXPECT_LT(before, 0.03);
}

TEST(SamplePoints, TheFirstDoNotDependOnTheNumberAndNoneFallsOnAnEmptyCell) {
  const Density density = make_density("words", 50);
  const Tensor many = sample_points(density, 5000, 11);
  EXPECT_TRUE(torch::equal(many.slice(0, 0, 100), sample_points(density, 100, 11)));
  EXPECT_FALSE(torch::equal(many.slice(0, 0, 100), sample_points(density, 100, 12)));
  EXPECT_EQ(cell_shares(many, 50).masked_select(density.map == 0).sum().item<double>(), 0);
}

TEST(SamplePoints, FillTheirCellEvenly) {
  const Tensor points = sample_points(make_density("uniform", 2), 100000, 1);
  EXPECT_TRUE(torch::allclose(cell_shares(points, 8), torch::full({8, 8}, 1.0 / 64, kDouble), 0, 2e-3));
}

TEST(CellShares, RowZeroIsTheTopAndPointsOutsideCountAtTheBorder) {
  const Tensor points = torch::tensor({{-0.9, 0.9}, {0.9, 0.9}, {5.0, -5.0}, {1.0, -1.0}}, kDouble);
  EXPECT_TRUE(torch::equal(cell_shares(points, 2), torch::tensor({{0.25, 0.25}, {0.0, 0.5}}, kDouble)));
  EXPECT_THROW(cell_shares(torch::zeros({3, 3}), 2), Error);
  EXPECT_THROW(cell_shares(torch::full({1, 2}, NAN), 2), Error);
}

TEST(Divergences, OfADistributionFromItselfAreZero) {
  for (const std::string& name : density_names()) {
    const Tensor map = make_density(name, 40).map;
    const Divergences d = divergences(map, map);
    EXPECT_NEAR(d.kl, 0, 1e-12);
    EXPECT_NEAR(d.js, 0, 1e-12);
    EXPECT_NEAR(d.tv, 0, 1e-12);
    EXPECT_NEAR(d.hellinger, 0, 1e-10);
  }
}

TEST(Divergences, KnownSmallCasesAreExact) {
  const Tensor half = torch::tensor({0.5, 0.5}, kDouble), skew = torch::tensor({0.75, 0.25}, kDouble);
  const Divergences d = divergences(half, skew);
  EXPECT_NEAR(d.kl, 0.5 * std::log(4.0 / 3), 1e-12);
  EXPECT_NEAR(d.tv, 0.25, 1e-12);
  EXPECT_NEAR(d.hellinger, std::sqrt(1 - (std::sqrt(0.375) + std::sqrt(0.125))), 1e-12);
  const double js = 0.25 * (std::log2(0.5 / 0.625) + std::log2(0.5 / 0.375)) +
                    0.5 * (0.75 * std::log2(0.75 / 0.625) + 0.25 * std::log2(0.25 / 0.375));
  EXPECT_NEAR(d.js, js, 1e-12);
  // Nothing in common: one bit, and all mass at the floor of 1e-24.
  const Divergences far = divergences(torch::tensor({1.0, 0.0}, kDouble), torch::tensor({0.0, 1.0}, kDouble));
  EXPECT_NEAR(far.js, 1, 1e-12);
  EXPECT_NEAR(far.tv, 1, 1e-12);
  EXPECT_NEAR(far.hellinger, 1, 1e-12);
  EXPECT_NEAR(far.kl, 24 * std::log(10.0), 1e-9);
}

}  // namespace
}  // namespace steer
