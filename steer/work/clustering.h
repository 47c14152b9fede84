// Samples in groups that nobody labelled, by what a model chose for them.
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
  std::string data;            // a data set
  std::string split = "test";  // of it
  std::string fit;             // how its samples reach the model's size
  int64_t count = 1000;        // samples; 0: all
  // images: k-means of the chosen images, those after the last layer of each size side by side. prefix: one
  // cluster for each beginning of the code that occurs.
  std::string by = "images";
  int64_t clusters = 0;  // images: how many; 0: ten, or as many as samples where there are fewer
  int64_t levels = 1;    // prefix: layers that agree within a cluster, from the first on
  int64_t shown = 32;    // clusters in the picture, the largest first
  int64_t members = 8;   // samples of each in the picture
  int64_t batch = 64;    // samples at once
  torch::Device device = torch::kCPU;  // where the model is
};

// Samples that belong together.
struct Cluster {
  std::vector<int64_t> prefix;  // the code's beginning, by prefix
  Tensor rows;                  // int64 [M], its samples
  int64_t label = -1;           // the most frequent one of them; -1 where they have none
  double share = 0;             // of the samples that have it, in [0, 1]
};

// All of them.
struct Clustering {
  std::vector<Cluster> clusters;              // the largest first
  int64_t samples = 0;                        // clustered
  std::optional<ClusterAgreement> agreement;  // with the labels, where there are any
  std::optional<ClusterAgreement> plain;      // images: of k-means of the samples themselves, to compare with
  Tensor picture;                             // [C, h, w]: each row what a cluster stands for, then members
  Json figures;                               // the same by name
};

// Rows of codes int64 [N, levels] that are equal, the most first; labels int64 [N] or undefined.
std::vector<Cluster> clusters_of(const Tensor& prefix, const Tensor& label);

// The samples of a data set in clusters. What stands for a cluster is, by images, what was chosen for the
// sample nearest to its centre, and rows go outwards from there; by prefix what that says. Error for a model
// without codes, for more levels than it has layers and more clusters than samples.
Clustering cluster(const LoadedModel& loaded, const ClusterOptions& options, const WorkWatch& watch = {});

}  // namespace steer
