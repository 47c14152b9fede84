// Networks and noise schedules in the words of the diffusers library's configuration files.
#pragma once

#include <torch/types.h>

#include "steer/core/json_fwd.h"
#include "steer/nn/unet_options.h"

namespace steer {

using torch::Tensor;

// What a scheduler_config.json says of the process that the network was trained on. How to sample from it is
// not kept.
struct DiffusersSchedule {
  int64_t num_train_timesteps = 1000;         // noise labels are 0 .. num_train_timesteps - 1
  std::string beta_schedule = "linear";       // linear | scaled_linear | squaredcos_cap_v2
  double beta_start = 1e-4;                   // the first beta; not of squaredcos_cap_v2
  double beta_end = 0.02;                     // the last beta; not of squaredcos_cap_v2
  std::string prediction_type = "epsilon";    // what the network gives: epsilon | sample | v_prediction
  std::string variance_type = "fixed_small";  // of the ancestral sampler: fixed_small | fixed_large, or _log
  bool clip_sample = true;                    // the sampler keeps x0 within clip_sample_range
  double clip_sample_range = 1;               // largest value
};

// The schedule's betas, float64 [num_train_timesteps]: linear between the ends, the square of that between
// their roots, or 1 - ratios of cos^2((t + 0.008) / 1.008 pi / 2), at most 0.999 (Nichol and Dhariwal 2021).
Tensor betas(const DiffusersSchedule& schedule);

// The network in a config.json of the class UNet2DModel; keys that are missing have the library's defaults.
// `file` stands in errors. Error where the network could not be built here: other block types, activations
// or embeddings, each by its name, and keys that are not known.
UNetOptions read_unet_config(const Json& config, const std::string& file);
// As the configuration of a UNet2DModel.
Json unet_config(const UNetOptions& options);

// The process in a scheduler_config.json. Schedulers that are not made of betas, other schedules and
// predictions are refused by name; what only concerns sampling is passed over.
DiffusersSchedule read_schedule_config(const Json& config, const std::string& file);
// As the configuration of a DDPMScheduler.
Json schedule_config(const DiffusersSchedule& schedule);

// The version of the library whose formats are written.
extern const char* const kDiffusersVersion;

}  // namespace steer
