// Networks in the words of the diffusers library's configuration files.
#pragma once

#include <string>

#include "steer/core/json_fwd.h"
#include "steer/nn/unet_options.h"

namespace steer {

// The network in a config.json of the class UNet2DModel; keys that are missing have the library's defaults.
// `file` stands in errors. Error where the network could not be built here: other block types, activations
// or embeddings, each by its name, and keys that are not known.
UNetOptions read_unet_config(const Json& config, const std::string& file);
// As the configuration of a UNet2DModel.
Json unet_config(const UNetOptions& options);

}  // namespace steer
