#include "steer/codes/count_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "steer/core/check.h"
#include "steer/core/random.h"

namespace steer {
namespace {

TEST(CountTree, AgreesWithALookAtAllCounts) {
  Random random(4);
  for (int64_t nodes : {1, 2, 3, 5, 8, 13, 64, 100}) {
    CountTree tree(nodes);
    std::vector<double> counts(static_cast<size_t>(nodes));
    EXPECT_EQ(tree.busiest(), 0);
    EXPECT_EQ(tree.idlest(), 0);
    for (int trial = 0; trial < 500; ++trial) {
      // Few different counts, so that most are tied.
      const auto node = static_cast<int64_t>(random.below(static_cast<uint64_t>(nodes)));
      counts[node] = static_cast<double>(random.below(4)) / 2;
      tree.set(node, counts[node]);
      ASSERT_EQ(tree.busiest(), std::max_element(counts.begin(), counts.end()) - counts.begin());
      ASSERT_EQ(tree.idlest(), std::min_element(counts.begin(), counts.end()) - counts.begin());
      ASSERT_EQ(tree.total(), std::accumulate(counts.begin(), counts.end(), 0.0));
    }
    EXPECT_EQ(tree.counts(), counts);
  }
  EXPECT_THROW(CountTree(0), Error);
}

}  // namespace
}  // namespace steer
