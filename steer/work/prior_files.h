// Where the prior of a model's codes is found.
#pragma once

#include <memory>
#include <string>

#include "steer/codes/prior.h"

namespace steer {

// RUN/prior.safetensors for a run folder; beside a checkpoint NAME.safetensors, or one that ships by its name
// (shipped.h), NAME_prior.safetensors.
std::string prior_path(const std::string& run);

// The same as a recipe holds it: by name where it ships with the model, since machines have it in places of
// their own.
std::string prior_name(const std::string& run);

// The prior in `path` (or that ships by this name), or, where that is empty, at prior_path(run). Error when
// it is not there or was learned from codes of another model than the one with this fingerprint.
std::unique_ptr<Prior> open_prior(const std::string& path, const std::string& run, uint64_t model);

// The same, nothing where `path` is empty and no prior of this model stands at prior_path(run).
std::unique_ptr<Prior> find_prior(const std::string& path, const std::string& run, uint64_t model);

}  // namespace steer
