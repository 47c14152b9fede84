#include "steer/work/searching.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json_lines.h"
#include "steer/core/options.h"
#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using ::testing::HasSubstr;

LoadedModel loaded_small(std::unique_ptr<Model> model, const std::string& path) {
  LoadedModel loaded;
  loaded.model = std::move(model), loaded.path = path;
  return loaded;
}

SearchingOptions small_search(const TemporaryFolder& folder) {
  SearchingOptions options;
  options.run = "edm", options.objective = "gaussian()", options.metric = "score";
  options.settings = {{"method", "tfg"}, {"steps", 3}};
  options.knobs = {"climb.rho=0.5:2:1", "climb.mu=0.5:2:1"};
  options.search.samples = 2;
  options.preset = folder / "strong.json", options.journal = folder / "strong.jsonl";
  return options;
}

TEST(SearchGuidance, KeepsTheBestOfAllTrialsAsAPresetThatMakesTheSamePlan) {
  const TemporaryFolder folder;
  const LoadedModel loaded = loaded_small(small_diffusion("edm"), "edm");
  SearchingOptions options = small_search(folder);
  options.confirm = 3;
  const Searched searched = search_guidance(loaded, options, torch::kCPU);
  EXPECT_EQ(searched.result.trials.size(), 4u);
  EXPECT_TRUE(searched.confirmed);
  const std::vector<Trial> order = by_merit(searched);
  for (size_t i = 1; i < order.size(); ++i) EXPECT_GE(order[i - 1].metric, order[i].metric);
  const Json preset = read_json_file(options.preset);
  EXPECT_EQ(preset["value"], order[0].metric);
  EXPECT_EQ(preset["guidance"]["climb"]["rho"], order[0].values[0]);
  EXPECT_EQ(preset["confirmed"]["samples"], 3);
  EXPECT_GE(preset["check"]["guided"], preset["check"]["unguided"]);
  const Json plan = as_generator(loaded, "test").plan(nullptr, {{"preset", preset}})->settings();
  EXPECT_EQ(plan["sampler"], preset["sampler"]);
}

TEST(SearchGuidance, GoesOnAfterItWasStoppedAndEndsAsIfItHadNotBeen) {
  const TemporaryFolder folder;
  const LoadedModel loaded = loaded_small(small_diffusion("edm"), "edm");
  SearchingOptions options = small_search(folder);
  int64_t begun = 0;
  std::string title;
  const WorkWatch twice = [&](const Moment& moment) {
    if (moment.title != title) ++begun;
    title = moment.title;
    return begun < 3;
  };
  const Searched stopped = search_guidance(loaded, options, torch::kCPU, twice);
  EXPECT_TRUE(stopped.interrupted);
  EXPECT_EQ(stopped.result.trials.size(), 2u);
  EXPECT_EQ(stopped.result.samples, 4);
  EXPECT_EQ(read_json_lines(options.journal).values.size(), 3u);
  const Searched whole = search_guidance(loaded, options, torch::kCPU);
  EXPECT_FALSE(whole.interrupted);
  EXPECT_EQ(whole.known, 2u);
  EXPECT_EQ(read_json_lines(options.journal).values.size(), 5u);
  options.journal = folder / "other.jsonl";
  const Searched at_once = search_guidance(loaded, options, torch::kCPU);
  EXPECT_EQ(whole.figures["value"], at_once.figures["value"]);
  EXPECT_EQ(whole.figures["guidance"], at_once.figures["guidance"]);
  options.journal = folder / "strong.jsonl", options.seed = 1;
  EXPECT_THAT(refusal([&] { search_guidance(loaded, options, torch::kCPU); }), HasSubstr("another search"));
}

TEST(SearchGuidance, AJournalOfOtherTypesIsRefusedWithItsField) {
  const TemporaryFolder folder;
  const LoadedModel loaded = loaded_small(small_diffusion("edm"), "edm");
  const SearchingOptions options = small_search(folder);
  const WorkWatch never = [](const Moment&) { return false; };
  search_guidance(loaded, options, torch::kCPU, never);
  const std::string begun = read_file(options.journal);
  const std::vector<std::pair<std::string, std::string>> lines = {
      {R"({"key": {"values": "x", "samples": 2}})", "an array for values"},
      {R"({"key": {"values": [1, "x"], "samples": 2}})", "a number for values[1]"},
      {R"({"key": {"values": [1], "samples": 2}})", "values of 2 strengths but got 1"},
      {R"({"key": {"values": [1, 1], "samples": "x"}})", "an integer for samples"},
      {R"({"key": [1]})", "an object with values"},
      {R"({"key": {"values": [1, 1], "samples": 2}, "metric": "x"})", "a number for metric"},
      {R"({"key": {"values": [1, 1], "samples": 2}, "figures": 3})", "an object for figures"}};
  for (const auto& [line, fault] : lines) {
    write_file(options.journal, begun + line + "\n");
    EXPECT_THAT(refusal([&] { search_guidance(loaded, options, torch::kCPU, never); }),
                testing::AllOf(HasSubstr(options.journal + ": expected "), HasSubstr(fault)));
  }
}

TEST(SearchGuidance, RefusesWhatHasNoStrengthsAndWhatCannotBeMeasured) {
  const TemporaryFolder folder;
  SearchingOptions options = small_search(folder);
  const LoadedModel ddn = loaded_small(small_ddn("pyramid"), "runs/a");
  EXPECT_EQ(refusal([&] { search_guidance(ddn, options, torch::kCPU); }),
            "[search] runs/a: expected a diffusion model, whose guidance has strengths, but got a ddn");
  const LoadedModel loaded = loaded_small(small_diffusion("edm"), "edm");
  options.metric = "accuracy";
  EXPECT_THAT(refusal([&] { search_guidance(loaded, options, torch::kCPU); }), HasSubstr("expected one of"));
  options.metric = "score", options.knobs = {"climb.roh=1:2:4"};
  EXPECT_THAT(refusal([&] { search_guidance(loaded, options, torch::kCPU); }), HasSubstr("climb.roh"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(SearchGuidance, TellsAConditionalModelItsClassInEveryTrial) {
  const TemporaryFolder folder;
  const LoadedModel loaded = loaded_small(small_diffusion("edm", 3), "edm");
  // Weights that are not those of the start, by which all classes are alike.
  torch::manual_seed(3);
  const torch::NoGradGuard no_grad;
  for (const auto& [name, weight] : loaded.model->trainable_parameters())
    at::Tensor(weight).add_(0.1 * at::randn_like(weight));
  SearchingOptions options = small_search(folder);
  EXPECT_THAT(refusal([&] { search_guidance(loaded, options, torch::kCPU); }), HasSubstr("expected --label"));
  options.telling.label = "1,2";
  const Searched searched = search_guidance(loaded, options, torch::kCPU);
  EXPECT_EQ(searched.figures["label"], "1,2");
  TaskOptions asked;
  asked.objective = options.objective, asked.count = options.search.samples;
  const Task task(asked, loaded.model->space(), {}, torch::kCPU);
  const auto score_of = [&](const std::string& label) {
    const Generator& generator = as_generator(loaded, "test");
    const Told told = told_by({label, {}, ""}, generator, task.count());
    const Json settings = {{"guidance", searched.figures["guidance"]},
                           {"sampler", searched.figures["sampler"]}};
    return tried(generator, task, {}, {settings, true, {"score"}, "", told}, {})
        .figures["score"]
        .get<double>();
  };
  EXPECT_EQ(searched.figures["value"], score_of("1,2"));
  EXPECT_NE(searched.figures["value"], score_of("2,1"));
}

TEST(Tried, AFailureIsPartOfTheAnswer) {
  const auto model = small_diffusion("edm");
  TaskOptions options;
  options.objective = "gaussian()", options.count = 2;
  const Task task(options, model->space(), {}, torch::kCPU);
  std::vector<std::string> notes;
  const WorkWatch watch = [&](const Moment& moment) {
    if (moment.share == 1) notes.push_back(moment.note);
    return true;
  };
  const Tried bad = tried(*model, task, {}, {{{"solver", "magic"}}, true, {"score"}, "a"}, watch);
  EXPECT_THAT(bad.failed, HasSubstr("magic"));
  EXPECT_FALSE(bad.made.state.defined());
  const Tried good = tried(*model, task, {}, {{{"steps", 2}}, true, {"score"}, "b"}, watch);
  EXPECT_EQ(good.failed, "");
  EXPECT_TRUE(good.figures.contains("score") && good.figures.contains("evaluations"));
  EXPECT_EQ(notes.size(), 2u);
}

}  // namespace
}  // namespace steer
