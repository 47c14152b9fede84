// The network of a denoiser, whatever it is made of.
#pragma once

#include <torch/nn.h>

#include "steer/nn/forwarding.h"

namespace steer {

using torch::Tensor;

// A module that says what the noise in a sample is like. Sampling and training see it through this alone.
class NoiseNetwork : public torch::nn::Module {
 public:
  // x [B, sizes...] and a noise label for each, real numbers [B], -> float32 of the shape of x. What a row is
  // told: of classes one for each, int64 [B]; of numbers float [B, numbers], not finite where one is not
  // told. Differentiable in x, in the label and in the parameters. A row depends on itself alone. Error where
  // shapes do not fit, what is told is missing, not wanted or out of range.
  virtual Tensor forward(const Tensor& x, const Tensor& label, const Tensor& told = {},
                         const Forwarding& how = {}) const = 0;

  // Of samples whose places may be empty: which of a row's are not, bool [B, places], as its seed (int64 [B])
  // and what it is told say. Undefined: samples have no places.
  virtual Tensor places(const Tensor& /*seeds*/, const Tensor& /*told*/ = {}) const { return {}; }

  // The same of samples [B, sizes...] as they are.
  virtual Tensor places_of(const Tensor& /*x*/) const { return {}; }

  // x [B, sizes...] brought to the subspace where samples lie that have these places: empty places hold
  // zeros, what a sample's choice of origin would be is taken out. Noise is made so, and stays so.
  virtual Tensor confined(const Tensor& x, const Tensor& /*places*/) const { return x; }

  // What each number of a place is divided by before it is noised, [sizes' last]; undefined: nothing is. The
  // network sees and gives divided numbers.
  virtual Tensor units() const { return {}; }

  // The number type of heavy products: float32 or bfloat16. The output is float32.
  virtual void set_compute_type(torch::ScalarType type) = 0;

  // Whether activations are computed again in the backward pass (recompute.h).
  virtual void set_recompute(bool recompute) = 0;
};

}  // namespace steer
