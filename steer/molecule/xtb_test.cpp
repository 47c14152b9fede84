#include "steer/molecule/xtb.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdlib>

#include "steer/molecule/molecule_space.h"

namespace steer {
namespace {

// The end of what xtb 6.5.1 writes of water, shortened to what is read.
constexpr char kWater[] = R"({"total energy": -5.07038310, "dipole": [0.54752965, 0.70686590, 0.0],
  "orbital energies/eV": [-18.5, -15.4, -14.0, -12.17355200, 2.34543593, 6.5],
  "fractional occupation": [2.0, 2.0, 2.0, 2.0, 0.0, 0.0]})";

TEST(Xtb, ReadsWhatTheProgramWrites) {
  const auto water = properties_from_xtb(kWater);
  ASSERT_TRUE(water.has_value());
  EXPECT_NEAR(water->gap, 14.51898793, 1e-6);
  EXPECT_NEAR(water->homo, -12.173552, 1e-6);
  EXPECT_NEAR(water->mu, 2.273, 1e-3);
  EXPECT_NEAR(water->energy, -137.972, 1e-2);
  const std::string text = kWater;
  for (size_t i = 0; i < text.size(); ++i)
    EXPECT_FALSE(properties_from_xtb(text.substr(0, i)).has_value()) << i;
  EXPECT_FALSE(properties_from_xtb("[]").has_value());
}

TEST(Xtb, JudgesWaterAndWhatItCannotSolve) {
  if (std::system("command -v xtb >/dev/null 2>&1") != 0) GTEST_SKIP() << "there is no program xtb";
  Molecule water;
  water.number = {8, 1, 1}, water.position = {{0, 0, 0}, {0.96, 0, 0}, {-0.24, 0.93, 0}};
  const Space space = molecule_space(3, "HO");
  State samples = as_samples(space, {water, water}, "[test]");
  // Two atoms at one place.
  samples.x[1][1].narrow(0, 0, 3).copy_(samples.x[1][0].narrow(0, 0, 3));
  const auto objective = xtb_objective(space, {{&XtbProperties::gap, 14.519, 0.5}}, 50, "xtb(gap=14.519)");
  const Tensor score = objective->score(samples);
  EXPECT_NEAR(score[0].item<double>(), 0, 1e-3);
  EXPECT_EQ(score[1].item<double>(), -50);
}

}  // namespace
}  // namespace steer
