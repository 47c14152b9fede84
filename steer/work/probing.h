// What codes tell of labels.
#pragma once

#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/models/models.h"
#include "steer/work/watching.h"

namespace steer {

// What is probed, and how.
struct ProbeOptions {
  std::string data;                    // a data set with labels and splits "train" and "test"
  std::string fit;                     // how its samples reach the model's size
  int64_t known = 10000;               // samples of train; 0: all
  int64_t tested = 2000;               // of test; 0: all
  int64_t neighbours = 8;              // that vote
  int64_t batch = 64;                  // samples at once
  torch::Device device = torch::kCPU;  // where the model is
};

// Of the images that the codes say after one layer: the share of test samples whose label is told.
struct ProbeRow {
  int64_t layer = 0;                             // from 1, the last of its size; 0: the samples themselves
  int64_t values = 0;                            // of a feature row
  int64_t bits = 0;                              // of the code so far, rounded
  double nearest = 0, linear = 0;                // by neighbours, and by a linear map
  double nearest_of_pca = 0, linear_of_pca = 0;  // of as many principal components of the samples
};

// All of them.
struct Probing {
  std::vector<ProbeRow> rows;     // of the last layer of each size
  int64_t known = 0, tested = 0;  // samples
  int64_t retrieved = 0;          // that retrieval looks at for each test sample
  double retrieval = 0;           // mean share of them that have its label, by the chosen images of all sizes
  double retrieval_of_samples = 0;  // the same by the samples themselves
  Json figures;                     // all of it by name
};

// Error for a model without codes, one that is told labels, and data without any.
Probing probe(const LoadedModel& loaded, const ProbeOptions& options, const WorkWatch& watch = {});

}  // namespace steer
