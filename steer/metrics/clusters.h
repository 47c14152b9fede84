// How well groups that were found without labels agree with labels.
#pragma once

#include <torch/types.h>

namespace steer {

using torch::Tensor;

// Agreement of groups with labels.
struct ClusterAgreement {
  int64_t clusters;  // groups that occur
  double purity;     // share of things whose label is the most frequent one of their group
  double normalised_mutual_information;  // 2 I(group; label) / (H(group) + H(label)), in [0, 1]
};

// `cluster` and `label` are int64 [N], N at least 1, all at least 0. Where neither tells anything apart (one
// group, one label) the information is 1.
ClusterAgreement cluster_agreement(const Tensor& cluster, const Tensor& label);

}  // namespace steer
