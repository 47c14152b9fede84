// How a diffusion is drawn from: grid, solver, and how an objective guides it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "steer/core/named.h"
#include "steer/core/option_fields.h"

namespace steer {

// The short settings of DiffusionModel::plan. Beside them it takes three objects: "preset" {"guidance",
// "sampler"} (a file that steer search wrote, with what that notes beside them), which comes before these,
// and "guidance" (GuidanceOptions) and "sampler" (SamplerOptions), which come after them. What nobody names
// is as suits the model and the objective.
struct DiffusionSettings {
  std::string method;
  double strength = -1;
  int64_t recurrence = 0;
  int64_t particles = 0;
  double temperature = 0;
  std::string solver;
  std::string levels;
  std::string process;
  int64_t steps = 0;
  double eta = -1;
  double scale = -1;

  void fields(OptionFields& f) {
    f("method", method,
      "how an objective guides: a name of steer list methods; empty or auto = as suits (method_for() of "
      "guidance/presets.h)");
    f("strength", strength, "strength of the method, 0 = it guides nothing; below 0 = its own", at_least(-1));
    f("recurrence", recurrence, "times that each step is made; 0 = as the method says", from_to(0, 10000));
    f("particles", particles, "particles of each sample, resampled at every step; 0 = as the method says",
      from_to(0, 1 << 20));
    f("temperature", temperature, "divides the scores of particles; 0 = as the method says", at_least(0));
    f("solver", solver, "how a sample goes from level to level; empty = as suits");
    f("levels", levels, "the grid of noise levels; empty = as suits");
    f("process", process, "draw on the grid of this process, whatever the model was trained on");
    f("steps", steps, "steps of the solver; 0 = as suits", from_to(0, 100000));
    f("eta", eta, "share of fresh noise, 0 to 1; below 0 = as suits", from_to(-1, 1));
    f("scale", scale,
      "of a class-conditional model: 1 follows the class as trained, more exaggerates it, 0 ignores it; "
      "below "
      "0 = as suits",
      at_least(-1));
  }
};

// All settings as a list, short ones and objects.
const std::vector<Named>& diffusion_settings();

}  // namespace steer
