#include "steer/search/search.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "steer/core/check.h"
#include "steer/search/knobs.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

const std::vector<Knob> kTwo = {{"a", 0.25, 2, 8}, {"b", 0.001, 10, 1}};

// Best at a = 2, b = 0.1.
double hill(const std::vector<double>& v) {
  return -std::pow(std::log2(v[0] / 2), 2) - std::pow(std::log10(v[1] / 0.1), 2);
}

SearchHooks climbing(int64_t& runs) {
  SearchHooks hooks;
  hooks.run = [&runs](const std::vector<double>& values, int64_t) {
    ++runs;
    Trial trial;
    trial.metric = hill(values);
    return trial;
  };
  return hooks;
}

TEST(Search, DoublesItsWayToTheTopOfAHillAndTriesNothingTwice) {
  int64_t runs = 0;
  const SearchResult result = search(kTwo, {}, climbing(runs));
  const Trial& best = result.trials[static_cast<size_t>(result.best)];
  EXPECT_DOUBLE_EQ(best.values[0], 2);
  EXPECT_NEAR(best.values[1], 0.1, 1e-12);
  EXPECT_EQ(runs, static_cast<int64_t>(result.trials.size()));
  EXPECT_LE(runs, 1 + 6 * 2 * 2);
  EXPECT_EQ(result.trials[0].values, (std::vector<double>{0.25, 0.001}));
  for (size_t i = 0; i < result.trials.size(); ++i)
    for (size_t j = 0; j < i; ++j) EXPECT_NE(result.trials[i].values, result.trials[j].values);
}

TEST(Search, SeeksTheLowestWhereLessIsBetter) {
  int64_t runs = 0;
  SearchHooks hooks = climbing(runs);
  hooks.run = [](const std::vector<double>& values, int64_t) {
    Trial trial;
    trial.metric = -hill(values);
    return trial;
  };
  SearchOptions options;
  options.higher_is_better = false;
  const SearchResult result = search(kTwo, options, hooks);
  EXPECT_DOUBLE_EQ(result.trials[static_cast<size_t>(result.best)].values[0], 2);
}

TEST(Search, GoesOnWhereAnEarlierRunStopped) {
  int64_t runs = 0, first_runs = 0;
  SearchHooks hooks = climbing(first_runs);
  int64_t asked = 0;
  hooks.stop = [&] { return ++asked > 5; };
  const SearchResult stopped = search(kTwo, {}, hooks);
  EXPECT_TRUE(stopped.interrupted);
  EXPECT_EQ(first_runs, 5);
  SearchHooks resumed = climbing(runs);
  resumed.known = stopped.trials;
  const SearchResult whole = search(kTwo, {}, resumed);
  int64_t fresh = 0;
  const SearchResult at_once = search(kTwo, {}, climbing(fresh));
  EXPECT_EQ(runs + first_runs, fresh);
  EXPECT_EQ(whole.trials[static_cast<size_t>(whole.best)].values,
            at_once.trials[static_cast<size_t>(at_once.best)].values);
}

TEST(Search, KeepsToItsBudget) {
  int64_t runs = 0;
  SearchOptions options;
  options.samples = 10, options.budget = 45;
  const SearchResult result = search(kTwo, options, climbing(runs));
  EXPECT_EQ(runs, 4);
  EXPECT_EQ(result.samples, 40);
  options.budget = 9;
  EXPECT_EQ(refusal([&] { search(kTwo, options, climbing(runs)); }),
            "[search] budget: expected at least the samples of one trial, which has 10, but got 9");
  options.method = "halving", options.samples = 64, options.budget = 400;
  runs = 0;
  EXPECT_LE(search(kTwo, options, climbing(runs)).samples, 400);
}

TEST(Search, HalvingSpendsItsSamplesOnWhatLooksBest) {
  int64_t runs = 0;
  SearchOptions options;
  options.method = "halving", options.samples = 64;
  const SearchResult result = search(kTwo, options, climbing(runs));
  const Trial& best = result.trials[static_cast<size_t>(result.best)];
  EXPECT_EQ(best.samples, 64);
  double most = -1e9;
  for (const Trial& trial : result.trials)
    if (trial.samples == 64) most = std::max(most, trial.metric);
  EXPECT_EQ(best.metric, most);
  int64_t small = 0, large = 0;
  for (const Trial& trial : result.trials) (trial.samples < 64 ? small : large) += 1;
  EXPECT_GT(small, 5 * large);
}

TEST(Search, ATrialThatFailsLosesToAllOthers) {
  SearchHooks hooks;
  hooks.run = [](const std::vector<double>& values, int64_t) {
    Trial trial;
    trial.metric = values[0] > 1 ? std::numeric_limits<double>::quiet_NaN() : values[0];
    return trial;
  };
  const SearchResult result = search({{"a", 0.25, 2, 8}}, {}, hooks);
  EXPECT_DOUBLE_EQ(result.trials[static_cast<size_t>(result.best)].values[0], 1);
}

TEST(Search, ReadsKnobs) {
  const Knob knob = parse_knob("climb.rho=0.25:2:8");
  EXPECT_EQ(knob.name, "climb.rho");
  EXPECT_EQ(knob.values(), (std::vector<double>{0.25, 0.5, 1, 2, 4, 8}));
  for (const char* text : {"climb.rho", "a=1:2", "a=0:2:8", "a=1:1:8", "a=9:2:8", "a=1:2:8x", "=1:2:3"})
    EXPECT_THROW(parse_knob(text), Error) << text;
  EXPECT_THROW(search({}, {}, {}), Error);
}

TEST(Knobs, StrengthStandsForWhatThePresetMakesOfIt) {
  for (const std::string& method : climb_names()) {
    const GuidanceOptions guidance = turned(guidance_preset(method), method, {{"strength", 0.5, 2, 8}}, {4});
    const ClimbOptions expected = climb_preset(method, 4);
    EXPECT_EQ(guidance.climb.rho, expected.rho) << method;
    EXPECT_EQ(guidance.climb.mu, expected.mu) << method;
    for (const bool truth : {false, true}) EXPECT_FALSE(suited_knobs(method, truth).empty());
  }
  const std::vector<Knob> two = {{"climb.rho", 1, 2, 8}, {"population.temperature", 1, 2, 8}};
  const GuidanceOptions guidance = turned(guidance_preset("tfg"), "tfg", two, {2, 0.25});
  EXPECT_EQ(guidance.climb.rho, 2);
  EXPECT_EQ(guidance.population.temperature, 0.25);
  EXPECT_EQ(described(two, {2, 0.25}), "climb.rho 2, population.temperature 0.25");
  EXPECT_THROW(turned(guidance_preset("tfg"), "tfg", {{"climb.roh", 1, 2, 8}}, {2}), Error);
}

}  // namespace
}  // namespace steer
