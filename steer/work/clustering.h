// The first layers of the code as clusters that nobody labelled.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/metrics/clusters.h"
#include "steer/models/models.h"
#include "steer/work/watching.h"

namespace steer {

// What is clustered, and how.
struct ClusterOptions {
  std::string data;                    // a data set
  std::string split = "test";          // of it
  std::string fit;                     // how its samples reach the model's size
  int64_t count = 1000;                // samples; 0: all
  int64_t levels = 1;                  // layers that agree within a cluster, from the first on
  int64_t shown = 32;                  // clusters in the picture, the largest first
  int64_t members = 8;                 // samples of each in the picture
  int64_t batch = 64;                  // samples at once
  torch::Device device = torch::kCPU;  // where the model is
};

// Samples whose codes begin alike.
struct Cluster {
  std::vector<int64_t> prefix;  // the indices of the first layers
  Tensor rows;                  // int64 [M], its samples
  int64_t label = -1;           // the most frequent one of them; -1 where they have none
  double share = 0;             // of the samples that have it, in [0, 1]
};

// All of them.
struct Clustering {
  std::vector<Cluster> clusters;              // the largest first
  int64_t samples = 0;                        // clustered
  std::optional<ClusterAgreement> agreement;  // with the labels, where there are any
  Tensor picture;                             // [C, h, w]: each row what a cluster stands for, then members
  Json figures;                               // the same by name
};

// Rows of codes int64 [N, levels] that are equal, the most first; labels int64 [N] or undefined.
std::vector<Cluster> clusters_of(const Tensor& prefix, const Tensor& label);

// The samples of a data set by the first layers of their codes. Error for a model without codes, and for more
// levels than it has layers.
Clustering cluster(const LoadedModel& loaded, const ClusterOptions& options, const WorkWatch& watch = {});

}  // namespace steer
