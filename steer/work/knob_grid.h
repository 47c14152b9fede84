// The same samples under two knobs at once: a picture whose columns are the values of one, whose rows those
// of the other.
#pragma once

#include <string>
#include <vector>

#include "steer/work/recipe.h"

namespace steer {

// What is turned, and where to.
struct GridAxis {
  // A setting of the model (steps, strength, guidance.climb.rho, sampler.solver.eta), or of the recipe: seed,
  // label, noise (of what is begun from), objective.
  std::string name;
  std::vector<std::string> values;  // at least one
};

// NAME=VALUE,VALUE,...: commas within brackets, braces and quotes belong to a value. Of seeds 0:4 is 0,1,2,3.
// Error, beginning with `where`, for anything else.
GridAxis axis_of(const std::string& text, const std::string& where);

// The recipe with the knob at a value. Error for a knob that neither model nor recipe has, and for values
// that are none of it.
Recipe turned(const Recipe& recipe, const Generator& model, const std::string& knob,
              const std::string& value);

// One place of the grid.
struct GridCell {
  std::string x;  // value of the one
  std::string y;  // of the other; empty where nothing is turned from row to row
  RecipeRun run;  // what came of it
};

// All of them.
struct KnobGrid {
  std::vector<GridCell> cells;  // row by row
  Tensor picture;               // [3, h, w] in [-1, 1], lettered; undefined where it was stopped
  bool stopped = false;         // the watch ended it
};

// Draws the recipe for every pair of values; `y` has no name where there is a single row. Every cell has the
// seeds of the recipe unless these are what is turned. Error as `turned`, before anything is drawn, and as
// run_recipe.
KnobGrid knob_grid(const Recipe& recipe, const LoadedModel& loaded, const GridAxis& x, const GridAxis& y = {},
                   const WorkWatch& watch = {});

// What beside the picture is written: knobs, and of each cell its values, recipe, score, evaluations,
// seconds.
Json figures_of(const KnobGrid& grid, const GridAxis& x, const GridAxis& y);

}  // namespace steer
