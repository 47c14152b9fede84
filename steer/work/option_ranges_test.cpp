// Every number among the options that files and flags set has a range, and its default lies in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "steer/core/options.h"
#include "steer/diffusion/likelihood.h"
#include "steer/guidance/presets.h"
#include "steer/models/classifier_model.h"
#include "steer/models/ddn_model.h"
#include "steer/models/ddn_plan.h"
#include "steer/models/diffusion_model.h"
#include "steer/models/diffusion_plan.h"
#include "steer/testing/refusal.h"
#include "steer/train/options.h"
#include "steer/work/comparison_plan.h"
#include "steer/work/recipe.h"

namespace steer {
namespace {

// The paths of numeric fields without a bound.
void find_unbounded(const std::vector<OptionField>& fields, const std::string& prefix,
                    std::vector<std::string>& found) {
  for (const OptionField& field : fields) {
    find_unbounded(field.inner, prefix + field.name + ".", found);
    const bool number = std::holds_alternative<int64_t*>(field.value) ||
                        std::holds_alternative<double*>(field.value) ||
                        std::holds_alternative<std::vector<int64_t>*>(field.value);
    if (number && !std::isfinite(field.range.least) && !std::isfinite(field.range.most))
      found.push_back(prefix + field.name);
  }
}

template <class O>
std::vector<std::string> unbounded() {
  O options;
  std::vector<std::string> found;
  find_unbounded(OptionFields::of(options), "", found);
  EXPECT_NO_THROW(check_options(options, "defaults"));
  return found;
}

TEST(OptionRanges, EveryNumberHasOne) {
  const std::vector<std::string> none;
  EXPECT_EQ(unbounded<RunOptions>(), none);
  EXPECT_EQ(unbounded<DdnOptions>(), none);
  EXPECT_EQ(unbounded<DiffusionOptions>(), none);
  EXPECT_EQ(unbounded<ClassifierModelOptions>(), none);
  EXPECT_EQ(unbounded<GuidanceOptions>(), none);
  EXPECT_EQ(unbounded<DdnSettings>(), none);
  EXPECT_EQ(unbounded<DiffusionSettings>(), none);
  EXPECT_EQ(unbounded<LikelihoodOptions>(), none);
  EXPECT_EQ(unbounded<Recipe>(), std::vector<std::string>({"seeds"}));  // any whole number is a seed
  EXPECT_EQ(unbounded<ComparedTask>(), none);
}

TEST(OptionRanges, StructsAreCheckedWhereTheyAreUsed) {
  DdnOptions ddn;
  ddn.chain_dropout = 2;
  EXPECT_THAT(refusal([&] { DdnModel model(ddn); }), testing::HasSubstr("chain_dropout but got 2"));
  DiffusionOptions diffusion;
  diffusion.unet.dropout = -1;
  EXPECT_THAT(refusal([&] { DiffusionModel model(diffusion); }),
              testing::HasSubstr("unet.dropout but got -1"));
  ClassifierModelOptions classifier;
  classifier.network.blocks = 1000000;
  EXPECT_THAT(refusal([&] { ClassifierModel model(classifier); }), testing::HasSubstr("network.blocks"));
}

TEST(OptionRanges, StructsOfOneRunAreCheckedWhereTheyAreUsed) {
  const double nan = std::nan("");
  const auto refused_in = [](auto&& made, const char* field) {
    EXPECT_THAT(refusal(made), testing::HasSubstr(field));
  };
  SolverOptions solver;
  solver.rtol = -1;
  refused_in([&] { make_step(solver, {}); }, "rtol but got -1");
  const Process process{ProcessOptions()};
  LevelOptions levels;
  levels.rho = nan;
  refused_in([&] { make_levels(levels, process); }, "rho but got");
  ProcessOptions odd;
  odd.beta_max = nan;
  refused_in([&] { Process made(odd); }, "beta_max but got");
  NoiseDrawOptions draw;
  draw.mean = 1e9;
  refused_in([&] { draw_sigmas(draw, process, 1, 0); }, "mean but got");
  LikelihoodOptions likely;
  likely.atol = 0;
  const Denoiser none;
  refused_in([&] { likelihood(none, process, at::zeros({1, 2}), at::zeros({1}), likely); }, "atol but got 0");
  ClimbOptions climb;
  climb.data_std = nan;
  refused_in([&] { checked_form(climb, {}); }, "data_std but got");
  PopulationOptions population;
  population.threshold = 2;
  refused_in([&] { check_population(population); }, "threshold but got 2");
}

}  // namespace
}  // namespace steer
