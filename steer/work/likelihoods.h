// How likely a diffusion finds samples, by its probability flow.
#pragma once

#include "steer/core/json.h"
#include "steer/diffusion/likelihood.h"
#include "steer/models/models.h"
#include "steer/work/opening.h"
#include "steer/work/watching.h"

namespace steer {

// How likelihoods are found.
struct LikelihoodsOptions {
  LikelihoodOptions flow;  // how the flow is followed
  int64_t batch = 32;      // samples at once; the figures do not depend on it
  uint64_t seed = 0;       // of the first sample's noise
};

// Likelihoods of N samples of bytes; all on the processor.
struct Likelihoods {
  Tensor nats;                // ln p, float64 [N]
  Tensor bits;                // per dimension, float64 [N]; see bits_per_dimension
  Tensor evaluations;         // of the network for each, float64 [N]
  double standard_error = 0;  // of the mean of the bits; NaN for a single sample
  Json figures;               // images, bits_per_dimension, nats, evaluations, most_evaluations, divergence,
                              // each, standard_error
};

// Where and how likelihoods are computed: float32 where the precision is left open, because the error control
// of the solver needs more than bfloat16's digits.
Computing for_likelihoods(Computing computing);

// Of samples in [-1, 1], which stand for 256 levels, told these things (of N samples). Tells the watch as
// "likelihood"; Error where it asks to end, for a model that is no diffusion and for a space without limit 1.
Likelihoods likelihoods(const LoadedModel& loaded, const State& samples, const Told& told,
                        const LikelihoodsOptions& options, torch::Device device, const WorkWatch& watch = {});

}  // namespace steer
