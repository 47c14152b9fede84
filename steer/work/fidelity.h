// How far samples are from a data set, by the features of a network.
#pragma once

#include <string>

#include "steer/core/json.h"
#include "steer/data/data_options.h"
#include "steer/work/real_samples.h"

namespace steer {

// How far one set of samples is from another.
struct Distances {
  double frechet = 0;    // Frechet distance of the features (metrics/frechet.h)
  double kernel = 0;     // kernel distance of the features
  double precision = 0;  // share of samples within the reference, in [0, 1] (metrics/coverage.h)
  double recall = 0;     // share of the reference within the samples
  double coverage = 0;   // share of the reference that has a sample near it
};

// Whether samples repeat training samples, by the distance of their numbers (metrics/nearest.h).
struct Repeating {
  double made = 0, held_out = 0;  // share of the samples that do, and of real ones that were not trained on
  int64_t trained = 0;            // training samples looked at
  State nearest;                  // of each sample the nearest of them
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

// Samples against a reference of real ones of the data set `data`, and for a scale other real ones against
// it. `features` as load_features.
Fidelity fidelity(const std::string& features, const State& samples, const RealSamples& real,
                  const std::string& data, torch::Device device);

// Samples against all training samples that the options name; `held_out` are real ones of another split.
Repeating repeating(const State& samples, const State& held_out, const DataOptions& train);

}  // namespace steer
