// How a command lets an objective guide a model: --top and its like for a ddn, --method and its like for a
// diffusion.
#pragma once

#include "steer/cmd/command.h"
#include "steer/cmd/sampler.h"

namespace steer {

// The flags, resolved for one model. It must outlive the requests it is put into.
struct GuidancePlan {
  SampleRequest ddn;  // its choosing fields alone
  std::optional<SamplerOptions> sampler;
  std::optional<GuidanceOptions> guidance;
  std::string text;  // for people: "tfg, ddim, 50 karras levels"

  void put_into(SampleRequest& request) const;
  Json json() const;
};

struct GuidanceFlags {
  // Of a ddn.
  double top = 2;
  int64_t beam = 1, shortlist = 0;
  std::string levels;  // a:b, counted from 1; either may be missing
  // Of a diffusion.
  std::string method, preset;
  double strength = 0;
  int64_t recurrence = 0;
  std::vector<std::string> sets;  // NAME=VALUE over all of it, NAME as in GuidanceOptions
  // Of both.
  int64_t particles = 0;
  double temperature = 1;

  void add_to(CLI::App* command);

  // Flags that the model's family does not have are refused, as are methods and solvers that do not go
  // together.
  GuidancePlan plan(const Model& model, const Objective& objective, const SamplerFlags& sampler) const;

 private:
  CLI::App* command_ = nullptr;
  bool given(const std::string& flag) const { return command_->count(flag) > 0; }
  GuidancePlan ddn_plan() const;
  GuidanceOptions guidance_of(const Objective& objective, const Json& from_file) const;
};

// A preset file: {"guidance": {...}, "sampler": {...}}, either may be missing, other keys tell where it came
// from. Error for a file that is none.
Json read_preset(const std::string& path);

}  // namespace steer
