// Noise processes in the words of the diffusers library's schedulers.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "steer/core/json_fwd.h"
#include "steer/core/option_fields.h"

namespace steer {

using torch::Tensor;

// What a scheduler_config.json says of the process that the network was trained on and of the places where
// samplers visit it.
struct DiffusersSchedule {
  std::string kind = "betas";
  int64_t num_train_timesteps = 1000;
  std::string beta_schedule = "linear";
  double beta_start = 1e-4;
  double beta_end = 0.02;
  std::string prediction_type = "epsilon";
  std::string variance_type = "fixed_small";
  bool clip_sample = true;
  double clip_sample_range = 1;
  std::string timestep_spacing = "leading";
  int64_t steps_offset = 0;
  std::string timestep_type = "discrete";
  double sigma_min = 0;
  double sigma_max = 0;
  double sigma_data = 0.5;
  double shift = 1;

  void fields(OptionFields& f) {
    f("kind", kind, "betas (a table of them), edm or flow");
    f("num_train_timesteps", num_train_timesteps, "betas: how many; flow: the label of pure noise",
      from_to(1, 1000000));
    f("beta_schedule", beta_schedule, "betas: linear, scaled_linear or squaredcos_cap_v2");
    f("beta_start", beta_start, "the first beta; not of squaredcos_cap_v2", more_than(0));
    f("beta_end", beta_end, "the last beta; not of squaredcos_cap_v2", from_below(0, 1));
    f("prediction_type", prediction_type, "what the network gives: epsilon, sample or v_prediction");
    f("variance_type", variance_type, "of the ancestral sampler: fixed_small or fixed_large, or with _log");
    f("clip_sample", clip_sample, "samplers keep x0 within clip_sample_range");
    f("clip_sample_range", clip_sample_range, "the largest value then", more_than(0));
    f("timestep_spacing", timestep_spacing,
      "leading, trailing or linspace; empty = the scheduler has no word");
    f("steps_offset", steps_offset, "of leading: added to the indices", from_to(0, 1000000));
    f("timestep_type", timestep_type,
      "discrete, or continuous: a network of v_prediction is told ln(sigma) / 4");
    f("sigma_min", sigma_min, "lowest noise above 0; 0 = that of the betas", at_least(0));
    f("sigma_max", sigma_max, "highest noise; 0 = that of the betas", at_least(0));
    f("sigma_data", sigma_data, "edm: standard deviation of the data", more_than(0));
    f("shift", shift, "flow: odds of the time are multiplied by it", more_than(0));
  }
};

// The schedule's betas, float64 [num_train_timesteps]: linear between the ends, the square of that between
// their roots, or 1 - ratios of cos^2((t + 0.008) / 1.008 pi / 2), at most 0.999 (Nichol and Dhariwal 2021).
Tensor betas(const DiffusersSchedule& schedule);

// The library's classes whose files are read.
std::vector<std::string> scheduler_names();
// What one of them has where its file says nothing; each has defaults of its own. Error for another class.
DiffusersSchedule scheduler_defaults(const std::string& scheduler);

// The process in a scheduler_config.json; `file` stands in errors. Other classes, schedules and predictions
// are refused by name, as are betas that were changed behind the schedule; what only concerns how a sampler
// goes from place to place is passed over.
DiffusersSchedule read_schedule_config(const Json& config, const std::string& file);
// As the configuration of a DDPMScheduler, EDMEulerScheduler or FlowMatchEulerDiscreteScheduler, by kind.
Json schedule_config(const DiffusersSchedule& schedule);

// The version of the library whose formats are written.
extern const char* const kDiffusersVersion;

}  // namespace steer
