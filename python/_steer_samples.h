// What a model drew, as Python holds it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "python/_steer_models.h"
#include "steer/core/json.h"
#include "steer/work/recipe.h"

namespace steer {

// Samples with how they were made: the class steer.Samples.
struct PythonSamples {
  PythonModel model;     // that drew them
  State state;           // N of them, where the model is
  Tensor code, scores;   // int64 [N, L]; [N] by the objective; undefined without
  State given;           // what an objective was made from, on the processor; undefined without
  RecipeRun run;         // for pictures and recipes; its state is this one's on the processor once asked for
  bool repeats = false;  // whether the recipe says all that made them
  int64_t evaluations = 0;
  bool stopped = false;

  Space space() const { return model.model().space(); }
};

// Puts a setting of sampling as Python gives it into those of Generator::plan: `sampler`, a solver's name or
// a dict as --sampler; `guidance`, a method's name or a dict as --guidance or as steer search writes them;
// `preset`, such a dict, its file, or the name of one that ships with the model; others as they are, and None
// not at all. Error for a preset that is none, with those that ship for the model.
void put_settings(Json& settings, const PythonModel& model, const py::dict& given);

}  // namespace steer
