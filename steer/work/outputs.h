// Where pictures go, looked at before work begins.
#pragma once

#include <string>

#include "steer/core/json_fwd.h"

namespace steer {

// Error unless a picture can be written to `path`: a name that ends in .png, or a device or pipe; in a folder
// that is there or can be made; and neither the picture nor the .json beside it stands there already unless
// steer wrote it, or `force` allows to write over it.
void check_picture_output(const std::string& path, bool force);

// Whether steer wrote this: what stands beside its pictures.
bool is_twin(const Json& json);

}  // namespace steer
