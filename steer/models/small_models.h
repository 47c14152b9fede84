// Models small enough for tests.
#pragma once

#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/guidance/presets.h"
#include "steer/models/models.h"

namespace steer {

// Images of one channel by the network named "pyramid" (8x8) or "recurrent" (16x16).
inline Json small_ddn_options(const std::string& network) {
  return {{"network", network},
          {"pyramid", {{"widths", {16, 16, 16, 16}}, {"layers", {1, 1, 2, 2}}, {"candidates", {8}}}},
          {"recurrent", {{"size", 16}, {"base", 8}, {"candidates", 8}, {"repeats", 4}}}};
}

inline std::unique_ptr<DdnModel> small_ddn(const std::string& network) {
  auto model = make_model("ddn", small_ddn_options(network), 7);
  return std::unique_ptr<DdnModel>(dynamic_cast<DdnModel*>(model.release()));
}

// A diffusion of 8x8 grey images under a process; with classes, also one for "none".
inline std::unique_ptr<DiffusionModel> small_diffusion(const std::string& process, int64_t classes = 0) {
  const Json options = {{"process", {{"type", process}}},
                        {"classes", classes},
                        {"unet",
                         {{"sample_size", 8},
                          {"block_out_channels", {8, 8}},
                          {"layers_per_block", 1},
                          {"norm_num_groups", 4},
                          {"down_block_types", {"DownBlock2D", "AttnDownBlock2D"}},
                          {"up_block_types", {"AttnUpBlock2D", "UpBlock2D"}}}}};
  auto model = make_model("diffusion", options, 7);
  return std::unique_ptr<DiffusionModel>(dynamic_cast<DiffusionModel*>(model.release()));
}

// A model that is known to sample.
inline std::unique_ptr<Generator> generator_of(std::unique_ptr<Model> model) {
  return std::unique_ptr<Generator>(dynamic_cast<Generator*>(model.release()));
}

// These options as the settings of a diffusion's plan.
inline Json settings_of(const SamplerOptions& sampler) {
  return {{"sampler", options_json(sampler)}};
}
inline Json settings_of(const SamplerOptions& sampler, const GuidanceOptions& guidance) {
  return {{"sampler", options_json(sampler)}, {"guidance", options_json(guidance)}};
}

}  // namespace steer
