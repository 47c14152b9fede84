// Adam's update in one pass over memory.
#pragma once

#include <torch/types.h>

namespace steer {

using torch::Tensor;

// What one step does to every value: first and second moment decay by beta1 and beta2, and the parameter
// moves by -rate m / (sqrt(v) / root + epsilon).
struct AdamUpdate {
  double beta1, beta2, epsilon, rate, root;
};

// Whether the kernel takes these: float32 on the processor, all contiguous.
bool takes_adam_kernel(const Tensor& parameter, const Tensor& gradient);

// In place: parameter, first and second moment, all of the gradient's shape.
void adam_update(Tensor& parameter, const Tensor& gradient, Tensor& first, Tensor& second,
                 const AdamUpdate& update);

// The same by separate operations, as the reference and for all other tensors.
void adam_update_plain(Tensor& parameter, const Tensor& gradient, Tensor& first, Tensor& second,
                       const AdamUpdate& update);

}  // namespace steer
