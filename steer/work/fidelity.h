// How far samples are from a data set, by the features of a network.
#pragma once

#include <string>

#include "steer/core/json.h"
#include "steer/work/samples.h"

namespace steer {

// How far one set of samples is from another.
struct Distances {
  double frechet = 0;    // Frechet distance of the features (metrics/frechet.h)
  double kernel = 0;     // kernel distance of the features
  double precision = 0;  // share of samples within the reference, in [0, 1] (metrics/coverage.h)
  double recall = 0;     // share of the reference within the samples
};

// Samples beside a reference of real ones, and for a scale as many real ones beside it.
struct Fidelity {
  Distances made, real;               // of the samples, and of the other split, from the reference
  int64_t samples = 0;                // how many there are
  std::string split, other;           // of the reference, and the one that gives the scale
  int64_t reference = 0, others = 0;  // samples in them
  std::string features;               // the network's path
  Json figures;  // the distances of the samples by name; features, samples, reference {data, split, images};
                 // real: the distances of the other split, and its images
};

// N samples against as many of the data set's split, and for a scale these against as many of the other
// split. `features` as load_features. Uses data, split and fit of the source. Error as load_samples and
// load_features.
Fidelity fidelity(const std::string& features, const State& samples, const SampleSource& source,
                  const Space& space, torch::Device device);

}  // namespace steer
