#include "steer/work/front.h"

#include <gtest/gtest.h>

#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

Recipe to_dark() {
  Recipe recipe;
  recipe.work = "guide", recipe.objective = "gaussian(mean=-0.8, std=0.3)", recipe.count = 2;
  recipe.precision = "float32";
  recipe.settings = {{"steps", 4}};
  return recipe;
}

TEST(Front, EachGoalIsMetBestWhereItStandsAlone) {
  const LoadedModel loaded = {small_diffusion("edm"), {}, "small.safetensors"};
  const Front found = front(to_dark(), loaded, "gaussian(mean=0.8, std=0.3)", {0.25, 1, 4});
  ASSERT_EQ(found.points.size(), 5u);
  ASSERT_EQ(found.grid.cells.size(), 5u);
  EXPECT_EQ(found.points[1].objective, "gaussian(mean=-0.8, std=0.3) + 0.25*gaussian(mean=0.8, std=0.3)");
  for (size_t i = 1; i < 5; ++i) {
    EXPECT_LT(found.points[i].first, found.points[i - 1].first) << i;
    EXPECT_GT(found.points[i].second, found.points[i - 1].second) << i;
    EXPECT_TRUE(found.points[i].best);
  }
  EXPECT_EQ(found.points[0].first, found.grid.cells[0].run.scores.mean().item<double>());
  EXPECT_NE(found.chart.find("score of gaussian(mean=0.8, std=0.3)"), std::string::npos);
  EXPECT_EQ(found.figures["points"].size(), 5u);
  EXPECT_TRUE(found.figures["points"].back()["weight"].is_null());
}

TEST(Front, ABeatenPointIsNotMarked) {
  std::vector<FrontPoint> points(4);
  points[0].first = 3, points[0].second = 0;
  points[1].first = 2, points[1].second = 2;
  points[2].first = 1, points[2].second = 2;
  points[3].first = 0, points[3].second = 3;
  mark_best(points);
  EXPECT_TRUE(points[0].best && points[1].best && points[3].best);
  EXPECT_FALSE(points[2].best);
}

TEST(Front, WeightsRise) {
  const LoadedModel loaded = {small_diffusion("edm"), {}, "small.safetensors"};
  for (const std::vector<double>& weights : {std::vector<double>{0}, {1, 1}, {-1}})
    EXPECT_NE(refusal([&] { front(to_dark(), loaded, "gaussian()", weights); }).find("weights above 0"),
              std::string::npos);
}

}  // namespace
}  // namespace steer
