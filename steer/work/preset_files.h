// Where presets of guidance are found: files that steer search wrote, of the user or shipped with a model.
#pragma once

#include <string>
#include <vector>

#include "steer/core/json.h"

namespace steer {

// The names of the presets that ship for a model that ships, in order; none for other runs. A preset NAME of
// MODEL is the file models/presets/MODEL.NAME.json (shipped.h).
std::vector<std::string> presets_of(const std::string& run);

// A preset for a model: {"guidance": {...}, "sampler": {...}}, either may be missing, other keys tell where
// it came from. `name` is a file, or one of presets_of(run). Error where it is neither, and for a file that
// is no preset.
Json read_preset(const std::string& name, const std::string& run);

}  // namespace steer
