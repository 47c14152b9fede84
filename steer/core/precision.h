// The number type of the heavy products; sums, distances and norms stay float32 everywhere.
#pragma once

#include <torch/types.h>

#include <string>

namespace steer {

// What the convolutions and other heavy products of a network compute in.
enum class Precision {
  kFloat32,   // float32
  kBFloat16,  // bfloat16: half the bytes and digits, the same range
};

// "float32", "bfloat16", or "auto": bfloat16 on CUDA and where this processor has instructions for it, else
// float32. Error for another word.
Precision make_precision(const std::string& name, torch::Device device);

// The same as ATen names it.
torch::ScalarType scalar_type(Precision precision);

// "float32" or "bfloat16".
std::string name(Precision precision);

}  // namespace steer
