// Tensors of a network in the files of the diffusers library.
#pragma once

#include <string>

#include "steer/core/checkpoint.h"

namespace steer {

// What all files of weights begin with.
extern const std::string kDiffusersWeights;

// All tensors of the weights in a folder: diffusion_pytorch_model.safetensors, the parts that its index
// lists, or a variant, diffusion_pytorch_model.VARIANT.safetensors, where it is named or the only one there.
// float32, under today's names and in today's shapes. Error where there are none, several variants or
// Python's pickle format alone, and for a tensor that is there twice.
Tensors read_diffusers_weights(const std::string& folder, const std::string& variant);

}  // namespace steer
