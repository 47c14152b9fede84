// How a prior learns from the codes of a data set.
#pragma once

#include <functional>

#include "steer/codes/prior_network.h"

namespace steer {

// The network, its training and its budget.
struct PriorTrainingOptions {
  int64_t width = 64;      // units
  int64_t batch = 256;     // codes
  double rate = 4e-3;      // the highest; rises over 50 steps, falls as a cosine
  double forget = 0.1;     // chance that an index is not shown to later layers
  double drop = 0.1;       // chance that a unit is not shown
  double decay = 0.05;     // of weights, per step times the rate
  double minutes = 5;      // of training; or
  int64_t steps = 0;       // above 0: this many steps, whatever the time
  double held_out = 0.05;  // share of the codes that choose the best state
  uint64_t seed = 0;       // of all that is drawn
};

// What training gave.
struct PriorTraining {
  PriorNumbers best;        // by the held-out share
  double bits = 0;          // per code, of the held-out share by the best numbers as they code
  double real_bits = 0;     // the same by the real weights that they stand for
  double counted_bits = 0;  // the same by how often each index occurs, every layer on its own
  int64_t steps = 0;        // made
};

// What training asks and tells on its way.
struct PriorHooks {
  std::function<bool()> stop;                                      // asked after every step; may be empty
  std::function<void(double share, const std::string&)> progress;  // share of the budget done
  std::function<void(const PriorTraining&)> improved;              // a new best; may be empty
};

// What is learned.
struct PriorLesson {
  Tensor code;         // int64 [N, L], N at least 2
  Tensor label = {};   // int64 [N], below `labels`; undefined without labels
  int64_t labels = 0;  // how many the prior may be told; 0: none
};

// Learns from new weights or those of `from`, which is told labels or not as it was. The same options with
// `steps` give the same result on one thread count.
PriorTraining train_prior(const PriorLesson& lesson, const std::vector<int64_t>& candidates,
                          const PriorTrainingOptions& options, const PriorNumbers* from,
                          const PriorHooks& hooks);

}  // namespace steer
