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

struct Checkpoint {
  Tensors tensors;
  std::map<std::string, std::string> metadata;
};

// What a file says of one tensor; its bytes are begin..end of the data that follow the header.
struct TensorEntry {
  torch::ScalarType dtype;
  std::vector<int64_t> shape;
  uint64_t begin = 0;
  uint64_t end = 0;
};

struct CheckpointHeader {
  std::map<std::string, TensorEntry> tensors;
  std::map<std::string, std::string> metadata;
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
