#include "steer/work/clustering.h"

#include <gtest/gtest.h>

#include "steer/testing/refusal.h"
#include "steer/work/small_codecs.h"

namespace steer {
namespace {

TEST(Clustering, RowsThatBeginAlikeStandTogether) {
  const Tensor prefix = torch::tensor({{4, 1}, {2, 0}, {4, 1}, {4, 2}, {2, 0}, {4, 1}});
  const Tensor label = torch::tensor({7, 3, 7, 0, 1, 3});
  const std::vector<Cluster> clusters = clusters_of(prefix, label);
  ASSERT_EQ(clusters.size(), 3u);
  EXPECT_EQ(clusters[0].prefix, (std::vector<int64_t>{4, 1}));
  EXPECT_TRUE(torch::equal(clusters[0].rows, torch::tensor({0, 2, 5})));
  EXPECT_EQ(clusters[0].label, 7);
  EXPECT_DOUBLE_EQ(clusters[0].share, 2.0 / 3);
  EXPECT_TRUE(torch::equal(clusters[1].rows, torch::tensor({1, 4})));
  EXPECT_EQ(clusters[2].prefix, (std::vector<int64_t>{4, 2}));
  EXPECT_EQ(clusters_of(prefix, {})[0].label, -1);
}

TEST(Clustering, CountsEverySampleOnce) {
  const LoadedModel loaded = loaded_ddn();
  ClusterOptions options;
  options.data = "shapes";
  options.count = 12;
  options.by = "prefix";
  options.levels = 2;
  options.shown = 2;
  options.members = 3;
  const Clustering found = cluster(loaded, options);
  int64_t samples = 0;
  for (const Cluster& one : found.clusters) samples += one.rows.size(0);
  EXPECT_EQ(samples, 12);
  ASSERT_TRUE(found.agreement.has_value());
  EXPECT_GT(found.agreement->purity, 0);
  EXPECT_EQ(found.agreement->clusters, static_cast<int64_t>(found.clusters.size()));
  EXPECT_EQ(found.figures["list"].size(), found.clusters.size());
  EXPECT_EQ(found.picture.size(2), 2 + 4 * 10);
  EXPECT_FALSE(found.plain.has_value());
  options.levels = 7;
  EXPECT_NE(refusal([&] { cluster(loaded, options); }).find("expected 1 to 6 but got 7"), std::string::npos);
}

TEST(Clustering, ImagesThatAreChosenAlikeStandTogether) {
  const LoadedModel loaded = loaded_ddn();
  ClusterOptions options;
  options.data = "shapes";
  options.count = 12;
  options.clusters = 3;
  const Clustering found = cluster(loaded, options);
  ASSERT_EQ(found.clusters.size(), 3u);
  int64_t samples = 0;
  for (const Cluster& one : found.clusters) {
    samples += one.rows.size(0);
    EXPECT_TRUE(one.prefix.empty());
  }
  EXPECT_EQ(samples, 12);
  ASSERT_TRUE(found.agreement.has_value() && found.plain.has_value());
  EXPECT_EQ(found.agreement->clusters, 3);
  EXPECT_EQ(found.figures["purity_of_the_samples"], found.plain->purity);
  options.clusters = 0;
  EXPECT_EQ(cluster(loaded, options).clusters.size(), 10u);
  options.clusters = 13;
  EXPECT_NE(refusal([&] { cluster(loaded, options); }).find("expected 1 to 12"), std::string::npos);
  options.by = "colour";
  EXPECT_NE(refusal([&] { cluster(loaded, options); }).find("images or prefix"), std::string::npos);
}

}  // namespace
}  // namespace steer
