// The checkpoint of a network that judges, for objectives: they need its network alone, not its family.
#pragma once

#include <string>

#include "steer/core/checkpoint.h"
#include "steer/core/json.h"

namespace steer {

// The word under a key of a checkpoint's metadata; empty where there is none.
std::string metadata_word(const Checkpoint& checkpoint, const std::string& key);

// A checkpoint file of this family, which begins its errors. Error for anything else.
Checkpoint family_checkpoint(const std::string& path, const std::string& family);

// The options of its network: what its metadata has under `network`. Error, with the path, where there are
// none.
Json network_options(const Checkpoint& checkpoint, const std::string& path, const std::string& family);

}  // namespace steer
