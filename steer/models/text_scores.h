// How likely a model finds texts.
#pragma once

#include <torch/types.h>

#include "steer/core/state.h"

namespace steer {

using torch::Tensor;

// A model that tells, of each text, minus the logarithm of its probability.
class TextScores {
 public:
  virtual ~TextScores() = default;

  // Whether the number is that itself; else it is one draw of an estimate of an upper bound.
  virtual bool exact() const = 0;

  // Whether its estimate draws noise, so that seeds matter.
  virtual bool draws() const { return !exact(); }

  // Minus ln p itself where summing over all that is not seen can be afforded; undefined where it cannot.
  virtual Tensor summed_nats(const State&) const { return {}; }

  // Nats of each text, all its tokens together, float64 [N] on the processor; tokens outside State.mask count
  // for nothing. `seed` draws the noise of an estimate; draws of other seeds are independent, and their mean
  // is the bound. Error for tokens that are none of the model's.
  virtual Tensor nats(const State& texts, uint64_t seed) const = 0;
};

}  // namespace steer
