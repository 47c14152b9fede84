// The training loop: any family, one optimiser, budgets, checkpoints, exact resume.
#pragma once

#include <functional>
#include <iosfwd>

#include "steer/models/models.h"
#include "steer/train/options.h"
#include "steer/train/together.h"

namespace steer {

// How a run ended.
struct TrainSummary {
  TrainingState state;                                  // of the whole run, former parts included
  bool interrupted = false;                             // stopped before its budget; a checkpoint was written
  std::vector<std::pair<std::string, double>> figures;  // last logged averages
};

// How far a run has come.
struct TrainMoment {
  TrainingState state;                                         // of the whole run, former parts included
  double share = 0;                                            // of the budget done; 1 and more: all
  const std::vector<std::pair<std::string, double>>& figures;  // last logged averages
};

// Called after every step; false ends the run before its budget. May be empty.
using TrainWatch = std::function<bool(const TrainMoment&)>;

// Trains until a budget is used up. `run` is a folder that holds or gets
//   model.safetensors   averaged weights and options, all that other commands need
//   resume.safetensors  everything an exact continuation needs
//   options.json, log.jsonl, samples/IMAGES.png (of families that draw)
//   loss.svg            the losses of the log, as of the last checkpoint
//   film.gif            these pictures one after the other, at the end
// With `resume` it continues from resume.safetensors; on one thread count, with a budget in images and the
// same options, the result equals that of an uninterrupted run bit for bit. A loss that is not finite throws
// with step and seed and leaves the last checkpoint. Error when the folder holds a run already and `resume`
// is not set, and when another process trains into it.
// Several ranks train one model, each on its share of the same batches, so that the run is the one that a
// single process would make, up to rounding; dropout, and the assignment of own prefixes to targets, alone
// are of each share. All take weights, optimiser and counters of rank 0, which alone reads and writes the
// folder, and whose clock is that of the budget; all end at one step where one of them wants to, and with an
// Error where one of them failed.
TrainSummary train(Model& model, const Dataset& data, const RunOptions& options, const std::string& run,
                   bool resume, torch::Device device, const TrainWatch& watch = {},
                   const Together& together = {});

// The learning rate after `images` images with this share of the budget done.
double learning_rate(const TrainOptions& options, int64_t images, double share);

}  // namespace steer
