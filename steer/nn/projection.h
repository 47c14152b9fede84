// A linear layer that works in the number type of its input while its weights stay float32.
#pragma once

#include <torch/nn.h>

namespace steer {

using torch::Tensor;

// x [..., in] -> x weight' + bias [..., out], computed in x's number type; `bias` may be undefined. A row
// [in] of a matrix gives the same values whatever the number of rows, and so do those of [1, 1, in] to [B, T,
// in].
Tensor projected(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

// The shape of a projection.
struct ProjectionOptions {
  int64_t in = 0;                      // features that enter
  int64_t out = 0;                     // features that leave
  double gain = 1.0;                   // multiplies the Xavier-uniform bound sqrt(6 / (in + out))
  torch::Device device = torch::kCPU;  // of the weights
  bool bias = true;                    // whether there is one
};

// projected() by weights of its own. On the device "meta" it has shapes alone.
struct ProjectionImpl : torch::nn::Module {
  explicit ProjectionImpl(const ProjectionOptions& options);
  Tensor forward(const Tensor& x) const;

  Tensor weight;  // [out, in]
  Tensor bias;    // [out], zeros at the start; undefined where there is none
};
TORCH_MODULE(Projection);

}  // namespace steer
