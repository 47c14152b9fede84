// A model with its optimiser and its averaged weights, moved by one batch at a time.
#pragma once

#include "steer/models/model.h"
#include "steer/train/options.h"

namespace steer {

// One model while it learns.
class Learner {
 public:
  // Takes the optimiser, the average and `recompute` from the options. The model, already on its device, must
  // outlive it.
  Learner(Model& model, const TrainOptions& options);

  // One step on a batch that is on the model's device: loss, gradients, Adam at this rate, averages, and what
  // the family does after a step. `seed` feeds all its randomness. Returns figures to log. Nothing here waits
  // for a device: figures and losses stay there.
  Figures step(const Batch& batch, uint64_t seed, double rate);

  // The first step, counted from 0, whose loss was not finite; -1 while there is none. Waits for the device.
  int64_t first_bad_step() const;

  Adam adam;           // over the trainable parameters
  Ema ema;             // of these
  int64_t images = 0;  // seen so far
  int64_t steps = 0;   // made so far

 private:
  Model& model_;
  Tensor first_bad_;  // int64, on the device; a step that never comes while all were good
};

}  // namespace steer
