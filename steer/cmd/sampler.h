// How a command lets a diffusion model draw: --solver, --levels, --steps and their like.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "steer/models/models.h"

namespace steer {

struct SamplerFlags {
  std::string solver, levels, process;
  int64_t steps = 0;
  double eta = 0, scale = 1;
  std::vector<std::string> sets;  // NAME=VALUE over all of them, NAME as in SamplerOptions

  void add_to(CLI::App* command);

  // The model's own sampler with what the flags say over it; none for another family, which is refused when a
  // flag was given. Changing the process takes the sampler that suits it.
  std::optional<SamplerOptions> options(const Model& model) const;

  // The same for a diffusion that an objective guides: begins with what suits that, then `preset` (options
  // in a file named `path`), then the flags.
  SamplerOptions guided_options(const Model& model, const Json& preset, const std::string& path) const;

 private:
  SamplerOptions flags_over(SamplerOptions sampler, const DiffusionModel& model, bool guided) const;
  CLI::App* command_ = nullptr;
  bool shares_levels_ = false;  // --levels belongs to another part of the command
  bool given(const std::string& flag) const { return command_->count(flag) > 0; }
};

// The same as figures, and in a few words: "heun, 18 karras levels".
Json sampler_json(const SamplerOptions& sampler);
std::string sampler_text(const SamplerOptions& sampler);

}  // namespace steer
