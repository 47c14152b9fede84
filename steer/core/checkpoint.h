// Named tensors and words about them in one safetensors file (huggingface.co/docs/safetensors): eight bytes
// of header length, a JSON header, the tensors' bytes. The reader trusts nothing in the file.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace steer {

using Tensors = std::map<std::string, torch::Tensor>;  // by name

// What a file holds.
struct Checkpoint {
  Tensors tensors;                              // by name
  std::map<std::string, std::string> metadata;  // words about them, by key
};

// What a file says of one tensor.
struct TensorEntry {
  torch::ScalarType dtype;     // one of those that write_checkpoint writes
  std::vector<int64_t> shape;  // empty: a scalar
  uint64_t begin = 0;          // its first byte among the data that follow the header
  uint64_t end = 0;            // the byte after its last
};

// What a file says of its tensors.
struct CheckpointHeader {
  std::map<std::string, TensorEntry> tensors;   // by name
  std::map<std::string, std::string> metadata;  // words about them, by key
};

// Writes atomically, in the order of the names, one tensor at a time; tensors may live on any device. The
// types are float64, float32, float16, bfloat16, int64, int32, int16, int8, uint8 and bool.
void write_checkpoint(const std::string& path, const Checkpoint& checkpoint);

// Contiguous tensors on the CPU. A file that is cut off, contradicts itself or holds anything unexpected is
// refused with its name and fault.
Checkpoint read_checkpoint(const std::string& path);

// The same, checked as strictly, without reading the data.
CheckpointHeader read_checkpoint_header(const std::string& path);

}  // namespace steer
