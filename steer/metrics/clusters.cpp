#include "steer/metrics/clusters.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

// In nats, of counts of any shape.
double entropy(const Tensor& counts) {
  const Tensor share = counts.flatten() / counts.sum();
  return -at::xlogy(share, share).sum().item<double>();
}

}  // namespace

ClusterAgreement cluster_agreement(const Tensor& cluster, const Tensor& label) {
  STEER_CHECK(cluster.dim() == 1 && cluster.sizes() == label.sizes() && cluster.numel() > 0,
              "[cluster_agreement] expected a group and a label for each of N things but got ",
              shape_text(cluster.sizes()), " and ", shape_text(label.sizes()));
  STEER_CHECK(cluster.min().item<int64_t>() >= 0 && label.min().item<int64_t>() >= 0,
              "[cluster_agreement] expected groups and labels of at least 0");
  const auto unique = at::_unique(cluster, true, true);  // groups may be numbered with wide gaps
  const Tensor group = std::get<1>(unique);
  const int64_t groups = std::get<0>(unique).size(0), labels = label.max().item<int64_t>() + 1;
  const Tensor counts =
      at::bincount(group * labels + label, {}, groups * labels).view({groups, labels}).to(torch::kFloat64);
  const double of_groups = entropy(counts.sum(1)), of_labels = entropy(counts.sum(0));
  const double shared = of_groups + of_labels - entropy(counts);
  const double purity = (std::get<0>(counts.max(1)).sum() / counts.sum()).item<double>();
  return {groups, purity, of_groups + of_labels > 0 ? 2 * shared / (of_groups + of_labels) : 1.0};
}

}  // namespace steer
