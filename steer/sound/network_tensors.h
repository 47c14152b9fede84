// Tensors of networks that others trained, out of files that converters in tools/ wrote.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "steer/core/checkpoint.h"

namespace steer {

using torch::Tensor;

// The tensor of this name as contiguous float32, real and finite, of this shape; sizes of -1 are any above 0.
// Error, which begins with the family and names the path, for anything else.
Tensor network_tensor(const Checkpoint& file, const std::string& name, const std::vector<int64_t>& shape,
                      const std::string& path, const std::string& family);

}  // namespace steer
