// How well samples meet an objective while they are drawn, as a chart.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/nn/saved_network.h"
#include "steer/objectives/objective.h"
#include "steer/work/recipe.h"

namespace steer {

// Looks at what there is of the samples after every step: scores by the recipe's objective, and by a judge
// the class asked. What has not the size of a sample is passed over. Looking changes nothing.
class ScoreTrack {
 public:
  // Of a recipe that guides, on samples of the space. `judge` as load_classifier; empty: none. Error as
  // make_objective, and for a judge where the objective asks for no class.
  ScoreTrack(const Recipe& recipe, const Space& space, const std::string& judge = "");

  // Takes note of a step.
  void see(const Glimpse& glimpse);
  // A watch that sees the glimpses of another and asks that one.
  WorkWatch around(const WorkWatch& watch);

  // By name: steps (those seen, counted over all stages of a chain), sigma, and of the scores mean, least and
  // most; with a judge share and confidence.
  Json figures() const;
  // These as an SVG document. Where every score is below 0, minus the scores: how much is missing.
  std::string chart() const;

 private:
  Space space_;
  std::string words_;
  torch::Device device_;
  std::unique_ptr<Objective> objective_;
  std::unique_ptr<SavedNetwork> judge_;
  Tensor asked_;  // int64 [N], in the judge's numbers
  int64_t steps_ = 0;
  std::vector<double> step_, sigma_, mean_, least_, most_, share_, confidence_;
};

}  // namespace steer
