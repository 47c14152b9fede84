// Two goals against each other: what one costs the other, over the weights between them.
#pragma once

#include <string>
#include <vector>

#include "steer/work/knob_grid.h"

namespace steer {

// One weight of the second goal.
struct FrontPoint {
  double weight = 0;             // of the second, where the first has 1; infinite: the second alone
  std::string objective;         // the words that guided
  double first = 0, second = 0;  // mean scores of the samples by each goal alone
  bool best = false;             // no other point is at least as good at both goals and better at one
};

// All of them.
struct Front {
  std::vector<FrontPoint> points;  // the first goal alone, rising weights, the second alone
  KnobGrid grid;                   // the samples, a row for each point
  std::string chart;               // an SVG document: one goal's scores over the other's
  Json figures;                    // the same by name
};

// Draws the recipe, whose objective is the first goal, with `second` added at each of the weights (above 0,
// rising) and by itself. Points differ in nothing else. Where the watch ends it, grid.stopped. Error as
// make_objective and run_recipe, and for weights that do not rise.
Front front(const Recipe& recipe, const LoadedModel& loaded, const std::string& second,
            const std::vector<double>& weights, const WorkWatch& watch = {});

// Marks the points that no other beats.
void mark_best(std::vector<FrontPoint>& points);

}  // namespace steer
