#include "steer/work/front.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "steer/core/check.h"
#include "steer/train/plot.h"
#include "steer/work/guiding.h"

namespace steer {
namespace {

std::vector<FrontPoint> points_to_draw(const std::string& first, const std::string& second,
                                       const std::vector<double>& weights) {
  std::vector<FrontPoint> points(1);
  points[0].objective = first;
  for (const double weight : weights) {
    STEER_CHECK(weight > points.back().weight && std::isfinite(weight),
                "[front] expected weights above 0 that rise but got ", weight, " after ",
                points.back().weight);
    FrontPoint& point = points.emplace_back();
    point.weight = weight, point.objective = fmt::format("{} + {:g}*{}", first, weight, second);
  }
  FrontPoint& alone = points.emplace_back();
  alone.weight = std::numeric_limits<double>::infinity(), alone.objective = second;
  return points;
}

// Mean score of a run's samples by the words alone.
double score_by(const std::string& words, const RecipeRun& run) {
  const torch::NoGradGuard no_grad;
  GuideOptions options = guide_options(run.recipe);
  options.objective = words;
  const torch::Device device = device_of(run.recipe.device);
  return objective_of(options, run.space, device)->score(run.state.to(device)).mean().item<double>();
}

// The points in the order of their first score, since curves rise in x.
std::string chart_of(const std::vector<FrontPoint>& points, const std::string& first,
                     const std::string& second) {
  std::vector<size_t> order(points.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return points[a].first < points[b].first; });
  PlotCurve all{"all weights", {}, {}}, best{"not beaten", {}, {}};
  for (const size_t i : order) {
    all.x.push_back(points[i].first), all.y.push_back(points[i].second);
    if (points[i].best) best.x.push_back(points[i].first), best.y.push_back(points[i].second);
  }
  return svg_plot("Two goals", "score of " + first, {{"score of " + second, {all, best}, false, false}});
}

Json figures_of(const Front& front, const std::string& first, const std::string& second) {
  Json points = Json::array();
  for (const FrontPoint& point : front.points)
    points.push_back({{"weight", std::isfinite(point.weight) ? Json(point.weight) : Json()},
                      {"objective", point.objective},
                      {"first", point.first},
                      {"second", point.second},
                      {"best", point.best}});
  return {{"first", first}, {"second", second}, {"points", points}};
}

}  // namespace

void mark_best(std::vector<FrontPoint>& points) {
  for (FrontPoint& point : points)
    point.best = std::none_of(points.begin(), points.end(), [&](const FrontPoint& other) {
      return other.first >= point.first && other.second >= point.second &&
             (other.first > point.first || other.second > point.second);
    });
}

Front front(const Recipe& recipe, const LoadedModel& loaded, const std::string& second,
            const std::vector<double>& weights, const WorkWatch& watch) {
  Front found;
  found.points = points_to_draw(recipe.objective, second, weights);
  GridAxis rows{"objective", {}};
  for (const FrontPoint& point : found.points) rows.values.push_back(point.objective);
  std::string seeds;
  for (const int64_t seed : recipe.seeds) seeds += (seeds.empty() ? "" : ",") + std::to_string(seed);
  found.grid = knob_grid(recipe, loaded, {"seed", {seeds}}, rows, watch);
  if (found.grid.stopped) return found;
  for (size_t i = 0; i < found.points.size(); ++i) {
    const RecipeRun& run = found.grid.cells[i].run;
    found.points[i].first = score_by(recipe.objective, run);
    found.points[i].second = score_by(second, run);
  }
  mark_best(found.points);
  found.chart = chart_of(found.points, recipe.objective, second);
  found.figures = figures_of(found, recipe.objective, second);
  return found;
}

}  // namespace steer
