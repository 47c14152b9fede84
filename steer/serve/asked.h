// What a page asks for, as what work/ does: names become paths, limits are kept.
#pragma once

#include <cstdint>
#include <string>

#include "steer/core/json.h"
#include "steer/serve/named_files.h"
#include "steer/work/recipe.h"
#include "steer/work/searching.h"

namespace steer {

// What one job may ask for.
struct AskedLimits {
  int64_t samples = 256;  // of a job; of a search in each trial
  int64_t words = 4096;   // bytes of an objective
  int64_t steps = 1000;   // of a solver
  int64_t rows = 256;     // beams and particles
  bool programs = false;  // whether words may start programs
};

// Samples: {"kind": "samples", "recipe": {...}}, a recipe as pictures hold it (work/recipe.h) with names of
// models and uploads in place of paths. Its settings may name a preset that ships with the model. Error, one
// line that names the field.
Recipe recipe_asked(const Json& body, const NamedFiles& files, const AskedLimits& limits);

// A search of strengths: {"kind": "search", "model", "objective", "metric", "judge", "samples", "method",
// "keep", "sweeps", "budget", "confirm", "knobs", "label", "told", "settings", "seed"}; only model and
// objective are needed. Where it keeps its preset and trials, the caller says. Error as recipe_asked.
SearchingOptions search_asked(const Json& body, const NamedFiles& files, const AskedLimits& limits);

}  // namespace steer
