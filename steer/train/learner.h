// A model with its optimiser and its averaged weights, moved by one batch at a time.
#pragma once

#include "steer/models/model.h"
#include "steer/train/options.h"
#include "steer/train/together.h"

namespace steer {

// One model while it learns.
class Learner {
 public:
  // Takes the optimiser, the average and `recompute` from the options. The model, already on its device, must
  // outlive it. With others, gradients, losses and what the model counts are those of the whole batch.
  Learner(Model& model, const TrainOptions& options, const Together& together = {});

  // One step on a batch (this rank's share of it) that is on the model's device: loss, gradients, the
  // optimisers at this rate, averages, and what the family does after a step. `seed`, that of the step, feeds
  // all its randomness. Returns figures to log. Nothing here waits for a device: figures and losses stay
  // there.
  Figures step(const Batch& batch, uint64_t seed, double rate);

  // The first step, counted from 0, whose loss was not finite; -1 while there is none. Waits for the device.
  int64_t first_bad_step() const;

  // What the optimisers hold, by name, and back; Error as theirs.
  std::map<std::string, Tensor> optimiser_state() const;
  void load_optimisers(const std::map<std::string, Tensor>& state, const std::string& what);

  Adam adam;           // over the trainable parameters that are not Muon's
  Muon muon;           // over the hidden matrices, where options ask for it; else over none
  Ema ema;             // of these
  int64_t images = 0;  // seen so far, by all ranks
  int64_t steps = 0;   // made so far

 private:
  void join_batch(
      LossReport& report);  // loss, figures, gradients and counts of this share become those of all

  Model& model_;
  NamedTensors parameters_;  // all that learn
  Together together_;
  Tensor first_bad_;  // int64, on the device; a step that never comes while all were good
};

}  // namespace steer
