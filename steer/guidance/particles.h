// Guidance by particles: several prefixes of a code compete for each sample and are resampled by their
// weight.
#pragma once

#include "steer/ddn/beam.h"

namespace steer {

// How many particles, and how they compete.
struct ParticleOptions {
  int64_t count = 16;      // particles P of each sample
  double temperature = 1;  // divides the scores
  int64_t last = 0;        // the layer (0-based) after which one particle of each sample remains
};

// Sequential Monte Carlo (Doucet, de Freitas, Gordon 2001) over codes with likelihood exp(score /
// temperature): a row starts for each of the seeds (int64 [N]). At each layer the pairs of a
// sample's particles p and candidates k have weights exp(beta s_pk - beta' s_p), s_p the score of p's image
// of the layer before and beta' that layer's exponent; P pairs are drawn from them by systematic resampling.
// At the last layer beta = 1 and one pair is drawn, so that with many particles samples come from the
// posterior p(code) exp(score) / Z, p uniform, or that of a prior which gives ln p(k | indices before) of
// each candidate and multiplies their weights. Before, beta is the largest of up to 1 at which the weights
// are worth at least P equal ones (effective sample size), because the scores of unfinished images are too
// sure of themselves. Each sample is a function of its seed and target alone.
Chooser particles(const Scorer& scorer, const Tensor& seeds, const ParticleOptions& options,
                  const Scorer& prior = {});

}  // namespace steer
