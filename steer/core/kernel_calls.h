// What code that calls kernels needs: number types, rows of tensors as plain memory, and room to work in.
#pragma once

#include <c10/util/BFloat16.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>

namespace steer {

// Calls body(T{}) with the number type of a tensor, float32 or bfloat16.
template <class Body>
void with_number_type(const torch::Tensor& tensor, const Body& body) {
  tensor.scalar_type() == torch::kFloat32 ? body(float()) : body(c10::BFloat16());
}

// The rows of a tensor whose rows follow each other in memory, null where it is undefined or empty. A vector,
// or a tensor of one row, has the same row for all. Must not outlive the tensor.
template <class T>
class Rows {
 public:
  explicit Rows(const torch::Tensor& tensor) {
    if (!tensor.defined() || tensor.numel() == 0) return;
    first_ = tensor.data_ptr<T>();
    if (tensor.dim() > 1 && tensor.size(0) > 1) length_ = tensor.numel() / tensor.size(0);
  }
  T* operator[](int64_t row) const { return first_ + row * length_; }

 private:
  T* first_ = nullptr;
  int64_t length_ = 0;
};

// Room for `count` values, none of them set: zeros would cost a pass over memory before the kernel's own.
inline std::unique_ptr<float[]> room_for(int64_t count) {
  return std::unique_ptr<float[]>(new float[static_cast<size_t>(count)]);
}

}  // namespace steer
