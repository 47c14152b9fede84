// How a discrete diffusion of text is drawn from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "steer/core/named.h"
#include "steer/core/option_fields.h"

namespace steer {

// The short settings of TextModel::plan. Beside them it takes an object, "sampler" (TokenSolverOptions),
// which comes after these. What nobody names is as the model's own sampler says.
struct TextSettings {
  std::string solver;
  int64_t steps = 0;
  double temperature = -1;
  double nucleus = 0;
  int64_t length = 0;
  double scale = 1;

  void fields(OptionFields& f) {
    f("solver", solver, "how tokens become known; empty = as suits");
    f("steps", steps, "steps of the solver, of each block; 0 = as suits", from_to(0, 1000000));
    f("temperature", temperature,
      "divides the logarithms of predictions; 0 = the likeliest token; below 0 = as suits", at_least(-1));
    f("nucleus", nucleus, "predictions are cut to the likeliest tokens of this share together; 0 = as suits",
      from_to(0, 1));
    f("length", length, "tokens of a sample; 0 = as trained", from_to(0, 1 << 20));
    f("scale", scale,
      "of a class-conditional model: how far it goes from its answer without class toward the one with it; 1 "
      "= "
      "the latter alone",
      at_least(0));
  }
};

// All settings as a list, short ones and the object.
const std::vector<Named>& text_settings();

}  // namespace steer
