// The number type of the heavy products; sums, distances and norms stay float32 everywhere.
#pragma once

#include <torch/types.h>

#include <string>

namespace steer {

enum class Precision { kFloat32, kBFloat16 };

// "float32", "bfloat16", or "auto": bfloat16 on CUDA and where this processor has instructions for it, else
// float32.
Precision make_precision(const std::string& name, torch::Device device);

torch::ScalarType scalar_type(Precision precision);

std::string name(Precision precision);

}  // namespace steer
