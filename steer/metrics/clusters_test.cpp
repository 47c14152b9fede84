#include "steer/metrics/clusters.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"

namespace steer {
namespace {

Tensor numbers(const std::vector<int64_t>& values) {
  return torch::tensor(values, torch::kInt64);
}

TEST(Clusters, GroupsThatAreTheLabelsAgreeFully) {
  const ClusterAgreement agreement =
      cluster_agreement(numbers({900, 900, 5, 5, 70}), numbers({0, 0, 1, 1, 2}));
  EXPECT_EQ(agreement.clusters, 3);
  EXPECT_DOUBLE_EQ(agreement.purity, 1);
  EXPECT_NEAR(agreement.normalised_mutual_information, 1, 1e-12);
}

TEST(Clusters, IndependentGroupsTellNothing) {
  const ClusterAgreement agreement = cluster_agreement(numbers({0, 0, 1, 1}), numbers({0, 1, 0, 1}));
  EXPECT_DOUBLE_EQ(agreement.purity, 0.5);
  EXPECT_NEAR(agreement.normalised_mutual_information, 0, 1e-12);
}

TEST(Clusters, FinerGroupsStayPureButShareLess) {
  const ClusterAgreement agreement = cluster_agreement(numbers({0, 1, 2, 3}), numbers({0, 0, 1, 1}));
  EXPECT_DOUBLE_EQ(agreement.purity, 1);
  // I = ln 2, H(group) = 2 ln 2, H(label) = ln 2.
  EXPECT_NEAR(agreement.normalised_mutual_information, 2.0 / 3, 1e-12);
}

TEST(Clusters, OneGroupOfOneLabelAgrees) {
  EXPECT_DOUBLE_EQ(cluster_agreement(numbers({4, 4}), numbers({7, 7})).normalised_mutual_information, 1);
}

TEST(Clusters, ThingsWithoutLabelsAreRefused) {
  EXPECT_THROW(cluster_agreement(numbers({0, 1}), numbers({0, -1})), Error);
  EXPECT_THROW(cluster_agreement(numbers({0, 1}), numbers({0})), Error);
}

}  // namespace
}  // namespace steer
