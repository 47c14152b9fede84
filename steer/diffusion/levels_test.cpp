#include "steer/diffusion/levels.h"

#include <gtest/gtest.h>

#include <map>

#include "steer/core/check.h"
#include "steer/diffusion/test_worlds.h"

namespace steer {
namespace {

Tensor named_levels(const std::string& type, int64_t steps, const std::string& process = "edm") {
  LevelOptions options;
  options.type = type, options.steps = steps;
  return make_levels(options, process_of(process));
}

TEST(Levels, KarrasGridOf18IsTheGoldenOne) {
  // Golden: Karras et al. 2022, equation 5 with sigma .002 to 80, rho 7, n = 18.
  const Tensor golden =
      doubles({80, 57.586, 40.7856, 28.3746, 19.3525, 12.9101, 8.40094, 5.31519, 3.25682, 1.92334, 1.08817,
               .585348, .296442, .139516, .0599473, .0229345, .00752802, .002});
  const Tensor levels = named_levels("karras", 18);
  EXPECT_EQ(levels.size(0), 19);
  EXPECT_EQ(levels[18].item<double>(), 0);
  EXPECT_LT(largest(levels.slice(0, 0, 18) / golden - 1), 5e-6);
}

TEST(Levels, EveryGridFallsFromItsFirstLevelToZero) {
  for (const std::string& process : process_names())
    for (const std::string& type : level_names())
      for (int64_t steps : {1, 2, 3, 9, 18, 27, 250}) {
        const Tensor levels = named_levels(type, steps, process);
        EXPECT_EQ(levels.size(0), steps + 1);
        EXPECT_EQ(levels.scalar_type(), torch::kFloat64);
        EXPECT_EQ(levels[-1].item<double>(), 0);
        EXPECT_TRUE((levels.slice(0, 0, -1) > levels.slice(0, 1)).all().item<bool>())
            << type << " of " << process << ", " << steps;
      }
}

TEST(Levels, ContinuousGridsBeginAtSigmaMaxAndEndAtSigmaMin) {
  for (const std::string type :
       {"karras", "exponential", "poly_exponential", "log_snr", "ve", "vp", "time", "cosine"}) {
    const Tensor levels = named_levels(type, 12);
    EXPECT_NEAR(levels[0].item<double>(), 80, 1e-9) << type;
    EXPECT_NEAR(levels[11].item<double>(), 0.002, 1e-9) << type;
  }
  EXPECT_NEAR(named_levels("flow", 12)[0].item<double>(), 80, 1e-9);
}

TEST(Levels, NamesOfOneGridAgree) {
  EXPECT_TRUE(torch::equal(named_levels("ve", 20), named_levels("exponential", 20)));
  EXPECT_TRUE(torch::equal(named_levels("log_snr", 20), named_levels("poly_exponential", 20)));
  const Tensor logs = named_levels("exponential", 20).slice(0, 0, 20).log();
  EXPECT_LT(largest(logs.diff().diff()), 1e-9);
  // On a process whose time is cosine-like or linear the grids have even times.
  EXPECT_LT(largest(process_of("vp").time(named_levels("vp", 20, "vp").slice(0, 0, 20)).diff().diff()), 1e-9);
  EXPECT_LT(largest((named_levels("cosine", 20).slice(0, 0, 20).atan()).diff().diff()), 1e-9);
}

TEST(Levels, FlowTimesAreEvenAndShiftMultipliesTheirOdds) {
  LevelOptions options;
  options.type = "flow", options.steps = 10;
  const Tensor plain = make_levels(options, process_of("flow"));
  const Tensor t = plain / (1 + plain);
  EXPECT_LT(largest(t.diff() + t[0] / 10), 1e-12);
  options.shift = 3;
  const Tensor shifted = make_levels(options, process_of("flow"));
  EXPECT_NEAR(shifted[0].item<double>(), plain[0].item<double>(), 1e-9);
  const Tensor odds = shifted / 3, before = odds / (1 + odds);
  EXPECT_LT(largest(before.diff() + before[0] / 10), 1e-12);
  EXPECT_GT(shifted[5].item<double>(), plain[5].item<double>());
}

TEST(Levels, FlowOnTheKarrasGridHasTheKnownFirstTime) {
  // Golden: 1 - 80 / 81, the data-time of the first level.
  const double first = named_levels("karras", 18)[0].item<double>();
  EXPECT_NEAR(1 - first / (1 + first), 0.0123, 5e-5);
}

TEST(Levels, TableGridsPickTheKnownIndices) {
  const Process ddpm = process_of("ddpm");
  const auto indices = [&](const std::string& type, int64_t steps) {
    const Tensor levels = named_levels(type, steps, "ddpm").slice(0, 0, steps);
    return ddpm.noise_label(levels).round().to(torch::kInt64);
  };
  const auto are = [](const Tensor& found, std::vector<int64_t> wanted) {
    EXPECT_TRUE(torch::equal(found, at::tensor(wanted, torch::kInt64))) << found;
  };
  are(indices("ddpm_leading", 4), {750, 500, 250, 0});
  are(indices("ddpm_trailing", 4), {999, 749, 499, 249});
  are(indices("ddpm_trailing", 3), {999, 666, 332});
  are(indices("ddpm_linspace", 4), {999, 666, 333, 0});
  are(indices("ddpm_even", 4), {999, 666, 333, 0});
  are(indices("quadratic", 3), {800, 200, 0});
  // numpy.linspace(0, 999, 27).round()[13] is 499, of 499.5.
  EXPECT_EQ(indices("ddpm_even", 27)[13].item<int64_t>(), 499);
  // Strides added one by one: the sums of entry times place of OpenAI's space_timesteps, and one entry where
  // the exact half rounds to 500.
  EXPECT_EQ(indices("ddpm_linspace", 21)[10].item<int64_t>(), 499);
  for (const auto& [steps, weighted] :
       std::map<int64_t, int64_t>{{55, 998154}, {100, 3313395}, {250, 20771736}}) {
    const Tensor ascending = indices("ddpm_linspace", steps).flip(0);
    EXPECT_EQ((ascending * at::arange(steps)).sum().item<int64_t>(), weighted) << steps;
  }
  are(indices("ddpm_trailing", 1), {999});
  // All entries, in order, whatever the rounding.
  for (const std::string type : {"ddpm_leading", "ddpm_trailing", "ddpm_linspace", "ddpm_even", "quadratic"})
    EXPECT_TRUE(torch::equal(indices(type, 1000), at::arange(999, -1, -1))) << type;
}

TEST(Levels, IddpmGridIsPartOfTheCosineTable) {
  const Tensor levels = named_levels("iddpm", 18, "cosine").slice(0, 0, 18),
               table = process_of("cosine").table();
  for (int64_t i = 0; i < 18; ++i) EXPECT_TRUE((table == levels[i]).any().item<bool>());
  EXPECT_LE(levels[0].item<double>(), 81);
  EXPECT_NEAR(levels[17].item<double>(), 0.006425413, 5e-10);
}

TEST(Levels, WrongOptionsAreRefused) {
  EXPECT_THROW(named_levels("karas", 10), Error);
  EXPECT_THROW(named_levels("karras", 0), Error);
  EXPECT_THROW(named_levels("ddpm_trailing", 1001), Error);
  EXPECT_THROW(named_levels("iddpm", 999, "cosine"), Error);
  LevelOptions options;
  options.sigma_min = 100;
  EXPECT_THROW(make_levels(options, process_of("edm")), Error);
  options = {};
  options.shift = 0;
  EXPECT_THROW(make_levels(options, process_of("flow")), Error);
}

}  // namespace
}  // namespace steer
