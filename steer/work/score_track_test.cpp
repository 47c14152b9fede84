#include "steer/work/score_track.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

Recipe guided(const std::string& objective) {
  Recipe recipe;
  recipe.work = "guide", recipe.objective = objective, recipe.count = 3;
  recipe.precision = "float32";
  return recipe;
}

TEST(ScoreTrack, EndsAtTheScoresOfTheSamplesAndChangesNone) {
  const LoadedModel loaded = {small_diffusion("edm"), {}, "small.safetensors"};
  Recipe recipe = guided("gaussian(mean=0.5, std=0.3)");
  recipe.settings = {{"sampler", {{"levels", {{"steps", 6}}}}}};
  ScoreTrack track(recipe, loaded.model->space());
  const RecipeRun run = run_recipe(recipe, loaded, track.around({}));
  const Json figures = track.figures();
  EXPECT_EQ(figures["steps"].size(), static_cast<size_t>(run.steps));
  EXPECT_NEAR(figures["mean"].back().get<double>(), run.scores.mean().item<double>(),
              1e-3 * std::abs(run.scores.mean().item<double>()));
  EXPECT_GE(figures["most"].back(), figures["mean"].back());
  EXPECT_LE(figures["least"].back(), figures["mean"].back());
  EXPECT_GT(figures["sigma"].front(), figures["sigma"].back());
  EXPECT_TRUE(at::equal(run_recipe(recipe, loaded).state.x, run.state.x));
  EXPECT_NE(track.chart().find("minus the score"), std::string::npos);
  // The legend tells where the curve ends.
  EXPECT_NE(track.chart().find(fmt::format("mean {:.4g}", -figures["mean"].back().get<double>())),
            std::string::npos);
}

TEST(ScoreTrack, AJudgeTellsTheClassAskedAtEveryStep) {
  const TemporaryFolder folder;
  const Json network = {{"channels", 1}, {"size", 8}, {"classes", 5}, {"widths", {8}}};
  const auto judge = make_model("classifier", {{"network", network}}, 7);
  save_model(folder / "judge.safetensors", *judge, {}, nullptr);
  const LoadedModel loaded = {small_ddn("pyramid"), {}, "small.safetensors"};
  const Recipe recipe = guided("label(2, classifier=" + (folder / "judge.safetensors") + ")");
  ScoreTrack track(recipe, loaded.model->space(), folder / "judge.safetensors");
  const RecipeRun run = run_recipe(recipe, loaded, track.around({}));
  const Json figures = track.figures();
  EXPECT_EQ(figures["steps"].size(), static_cast<size_t>(run.steps));
  EXPECT_EQ(figures["steps"].back(), run.steps);
  EXPECT_EQ(figures["share"].size(), figures["steps"].size());
  EXPECT_NEAR(figures["mean"].back().get<double>(), run.scores.mean().item<double>(), 1e-4);
  // A label's score is the logarithm of the judge's confidence.
  EXPECT_NEAR(std::exp(figures["mean"].back().get<double>()), figures["confidence"].back().get<double>(),
              0.05);
  EXPECT_NE(track.chart().find("of the class asked"), std::string::npos);
}

TEST(ScoreTrack, WhatCannotBeTrackedIsRefused) {
  const Space space = small_ddn("pyramid")->space();
  Recipe recipe = guided("gaussian(mean=0, std=1)");
  EXPECT_NE(refusal([&] { ScoreTrack(recipe, space, "judge"); }).find("asks for a class"), std::string::npos);
  recipe.work = "sample";
  EXPECT_NE(refusal([&] { ScoreTrack(recipe, space); }).find("an objective guides"), std::string::npos);
}

}  // namespace
}  // namespace steer
