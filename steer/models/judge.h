// What tells the class of a sample.
#pragma once

#include "steer/core/state.h"

namespace steer {

// A model that judges samples of its space.
class Judge {
 public:
  virtual ~Judge() = default;

  virtual int64_t classes() const = 0;  // how many it knows
  // Logits [N, classes] of N samples on its device, without gradient and dropout.
  virtual Tensor logits(const State& samples) const = 0;
};

}  // namespace steer
