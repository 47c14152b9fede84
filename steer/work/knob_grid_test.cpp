#include "steer/work/knob_grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

using testing::HasSubstr;

LoadedModel small_loaded() {
  LoadedModel loaded;
  loaded.path = "small";
  loaded.model = small_diffusion("edm");
  return loaded;
}

Recipe few_steps() {
  Recipe recipe;
  recipe.count = 2;
  recipe.precision = "float32";
  recipe.settings = {{"steps", 3}};
  return recipe;
}

TEST(KnobGrid, ReadsKnobsAsPeopleWriteThem) {
  EXPECT_EQ(axis_of("steps=5,10", "--x").values, (std::vector<std::string>{"5", "10"}));
  EXPECT_EQ(axis_of("seed=3:6,9", "--x").values, (std::vector<std::string>{"3", "4", "5", "9"}));
  EXPECT_EQ(axis_of("objective=label(3),program('a,b') + 2*gaussian([0, 1], std=2)", "--x").values,
            (std::vector<std::string>{"label(3)", "program('a,b') + 2*gaussian([0, 1], std=2)"}));
  for (const char* bad : {"steps", "=3", "steps=", "steps=3,", "steps=,3"})
    EXPECT_EQ(refusal([&] { axis_of(bad, "--y"); }).rfind("[grid] --y: expected ", 0), 0u) << bad;
}

TEST(KnobGrid, EachPlaceIsWhatItsRecipeMakes) {
  const LoadedModel loaded = small_loaded();
  const GridAxis x = {"steps", {"2", "4", "5"}}, y = {"sampler.solver.name", {"euler", "heun"}};
  double share = 0;
  const KnobGrid grid = knob_grid(few_steps(), loaded, x, y, [&](const Moment& moment) {
    EXPECT_GE(moment.share, share);
    share = moment.share;
    return true;
  });
  EXPECT_EQ(share, 1);
  ASSERT_EQ(grid.cells.size(), 6u);
  for (const GridCell& cell : grid.cells) {
    Recipe recipe = few_steps();
    recipe.settings["steps"] = std::stoi(cell.x);
    recipe.settings["sampler"] = {{"solver", {{"name", cell.y}}}};
    EXPECT_TRUE(run_recipe(recipe, loaded).state.x.equal(cell.run.state.x)) << cell.x << cell.y;
  }
  EXPECT_EQ(grid.cells[1].x, "4");
  EXPECT_EQ(grid.cells[3].y, "heun");
  const Json figures = figures_of(grid, x, y);
  ASSERT_EQ(figures["cells"].size(), 6u);
  EXPECT_EQ(figures["cells"][5]["sampler.solver.name"], "heun");
  EXPECT_EQ(figures["cells"][5]["evaluations"], grid.cells[5].run.evaluations);
}

TEST(KnobGrid, ThePictureHasAPlaceForEachPairUnderItsLetters) {
  const LoadedModel loaded = small_loaded();
  const GridAxis x = {"seed", {"1", "7"}}, y = {"steps", {"2", "3", "4"}};
  const KnobGrid both = knob_grid(few_steps(), loaded, x, y), row = knob_grid(few_steps(), loaded, x);
  ASSERT_EQ(both.picture.dim(), 3);
  EXPECT_EQ(both.picture.size(0), 3);
  EXPECT_GT(both.picture.size(2), row.picture.size(2)) << "letters stand beside the rows";
  const int64_t head = 29, height = (both.picture.size(1) - head) / 3;
  EXPECT_EQ(row.picture.size(1), head + height);
  // Dark letters above, and samples that differ from white in every place.
  EXPECT_LT(both.picture.narrow(1, 0, head).min().item<float>(), 0);
  for (int64_t place = 0; place < 3; ++place)
    EXPECT_LT(both.picture.narrow(1, head + place * height, height).min().item<float>(), 0.9);
}

TEST(KnobGrid, RefusesWhatCannotBeTurned) {
  const LoadedModel loaded = small_loaded();
  const auto of = [&](const Recipe& recipe, const GridAxis& x, const GridAxis& y = {}) {
    return refusal([&] { knob_grid(recipe, loaded, x, y); });
  };
  EXPECT_THAT(of(few_steps(), {"step", {"3"}}), HasSubstr("[grid] step: expected one of seed, label"));
  EXPECT_THAT(of(few_steps(), {"steps", {"many"}}), HasSubstr("steps"));
  EXPECT_THAT(of(few_steps(), {"noise", {"0.5"}}), HasSubstr("--from"));
  EXPECT_THAT(of(few_steps(), {"objective", {"label(3)"}}), HasSubstr("--objective"));
  EXPECT_THAT(of(few_steps(), {"steps", {"3"}}, {"steps", {"4"}}), HasSubstr("two knobs"));
  EXPECT_THAT(of(few_steps(), {"seed", std::vector<std::string>(2000, "1")}), HasSubstr("1024 places"));
}

TEST(KnobGrid, AWatchEndsIt) {
  const KnobGrid grid = knob_grid(few_steps(), small_loaded(), {"seed", {"1", "2", "3"}}, {},
                                  [](const Moment& moment) { return moment.share < 0.5; });
  EXPECT_TRUE(grid.stopped);
  EXPECT_FALSE(grid.picture.defined());
}

}  // namespace
}  // namespace steer
