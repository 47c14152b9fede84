#include "steer/work/probing.h"

#include <gtest/gtest.h>

#include "steer/testing/refusal.h"
#include "steer/work/small_codecs.h"

namespace steer {
namespace {

TEST(Probing, TellsWhatEachSizeSaysOfLabels) {
  const LoadedModel loaded = loaded_ddn();
  ProbeOptions options;
  options.data = "shapes";
  options.known = 60, options.tested = 20, options.neighbours = 3;
  const Probing found = probe(loaded, options);
  ASSERT_EQ(found.rows.size(), 4u);  // of 1x1 to 8x8
  EXPECT_EQ(found.known, 60);
  EXPECT_EQ(found.tested, 20);
  int64_t values = 1;
  for (const ProbeRow& row : found.rows) {
    EXPECT_EQ(row.values, values);
    values *= 4;
    for (const double share : {row.nearest, row.linear, row.nearest_of_pca, row.linear_of_pca}) {
      EXPECT_GE(share, 0);
      EXPECT_LE(share, 1);
    }
  }
  EXPECT_EQ(found.rows.back().layer, 6);
  EXPECT_EQ(found.rows.back().bits, 18);
  // As many components as there are pixels are the pixels, turned.
  EXPECT_EQ(found.figures["layers"].size(), 4u);
  EXPECT_GT(found.retrieval, 0);
  EXPECT_GT(found.retrieval_of_samples, 0);
  EXPECT_NE(refusal([&] { probe(loaded_class_ddn(), options); }).find("told nothing"), std::string::npos);
}

}  // namespace
}  // namespace steer
