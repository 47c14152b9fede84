#include "steer/data/shapes.h"

#include <gtest/gtest.h>

#include <chrono>
#include <numeric>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/data/images.h"

namespace steer {
namespace {

std::vector<int64_t> first(int64_t count) {
  std::vector<int64_t> indices(static_cast<size_t>(count));
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

TEST(Shapes, AnImageDependsOnItsSeedAndNumberAlone) {
  const ShapesDataset data(100, 32, 3, 1);
  const Batch all = data.batch(first(20)), one = data.batch({7});
  EXPECT_TRUE(torch::equal(all.x[7], one.x[0]));
  EXPECT_EQ(all.label[7].item<int64_t>(), one.label[0].item<int64_t>());
  EXPECT_FALSE(torch::equal(ShapesDataset(100, 32, 3, 2).batch({7}).x, one.x));
}

TEST(Shapes, TheFirstScenesAreTheseForEver) {
  // Golden: what this code drew when it was written; other numbers would change every result on shapes.
  const ShapesDataset data(4, 32, 3, 1);
  const Batch batch = data.batch(first(4));
  EXPECT_TRUE(torch::equal(batch.label, torch::tensor(std::vector<int64_t>{3, 1, 4, 2})));
  EXPECT_TRUE(torch::equal(data.hues(first(4)), torch::tensor(std::vector<int64_t>{3, 1, 5, 0})));
  const Tensor means = torch::tensor({0.17161, -0.40682, 0.37959, 0.43347}, torch::kFloat32);
  EXPECT_LT((batch.x.mean({1, 2, 3}) - means).abs().max().item<float>(), 1e-4f);
}

TEST(Shapes, ValuesStayInRangeAndImagesDiffer) {
  for (int64_t channels : {1, 3}) {
    const Tensor x = ShapesDataset(500, 32, channels, 3).batch(first(500)).x;
    EXPECT_GE(x.min().item<float>(), -1.0f);
    EXPECT_LE(x.max().item<float>(), 1.0f);
    EXPECT_GT(x.std({0}).min().item<float>(), 0.1f);
    EXPECT_GT(x.flatten(1).std(1).min().item<float>(), 0.02f);
  }
}

TEST(Shapes, LabelsAreEvenAndIndependentOfHues) {
  const ShapesDataset data(6000, 8, 3, 4);
  const Tensor label = data.batch(first(6000)).label, hue = data.hues(first(6000));
  const Tensor counts = torch::bincount(label * 6 + hue, {}, 30);
  EXPECT_EQ(data.classes().size(), 5u);
  EXPECT_EQ(ShapesDataset::hue_names().size(), 6u);
  EXPECT_GT(counts.min().item<int64_t>(), 140);
  EXPECT_LT(counts.max().item<int64_t>(), 260);
}

TEST(Shapes, LargerPicturesShowTheSameScene) {
  const Tensor small = ShapesDataset(50, 32, 3, 5).batch(first(50)).x;
  const Tensor large = area_resize(ShapesDataset(50, 128, 3, 5).batch(first(50)).x, 32, 32);
  EXPECT_LT((small - large).abs().mean().item<float>(), 0.01f);
}

TEST(Shapes, AreDrawnFast) {
  const ShapesDataset data(4000, 32, 3, 6);
  const auto start = std::chrono::steady_clock::now();
  data.batch(first(4000));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  RecordProperty("images_per_second", static_cast<int>(4000 / seconds));
  EXPECT_LT(seconds, 8.0);  // a bound that a busy machine keeps too
}

TEST(Shapes, WrongSizesAreRefused) {
  EXPECT_THROW(ShapesDataset(0, 32, 3, 0), Error);
  EXPECT_THROW(ShapesDataset(1, 4, 3, 0), Error);
  EXPECT_THROW(ShapesDataset(1, 32, 2, 0), Error);
  EXPECT_THROW(ShapesDataset(3, 32, 3, 0).batch({3}), Error);
}

}  // namespace
}  // namespace steer
