#include "steer/image/shapes.h"

#include <gmock/gmock.h>

#include <numeric>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/picture/images.h"
#include "steer/testing/refusal.h"

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
  EXPECT_TRUE(torch::equal(all.data.x[7], one.data.x[0]));
  EXPECT_EQ(all.told.label[7].item<int64_t>(), one.told.label[0].item<int64_t>());
  EXPECT_FALSE(torch::equal(ShapesDataset(100, 32, 3, 2).batch({7}).data.x, one.data.x));
}

TEST(Shapes, TheFirstScenesAreTheseForEver) {
  // Golden: what this code drew when it was written; other numbers would change every result on shapes.
  const ShapesDataset data(4, 32, 3, 1);
  const Batch batch = data.batch(first(4));
  EXPECT_TRUE(torch::equal(batch.told.label, torch::tensor(std::vector<int64_t>{3, 1, 4, 2})));
  EXPECT_TRUE(torch::equal(data.hues(first(4)), torch::tensor(std::vector<int64_t>{3, 1, 5, 0})));
  const Tensor means = torch::tensor({0.17161, -0.40682, 0.37959, 0.43347}, torch::kFloat32);
  EXPECT_LT((batch.data.x.mean({1, 2, 3}) - means).abs().max().item<float>(), 1e-4f);
}

TEST(Shapes, ValuesStayInRangeAndImagesDiffer) {
  for (int64_t channels : {1, 3}) {
    const Tensor x = ShapesDataset(500, 32, channels, 3).batch(first(500)).data.x;
    EXPECT_GE(x.min().item<float>(), -1.0f);
    EXPECT_LE(x.max().item<float>(), 1.0f);
    EXPECT_GT(x.std({0}).min().item<float>(), 0.1f);
    EXPECT_GT(x.flatten(1).std(1).min().item<float>(), 0.02f);
  }
}

TEST(Shapes, LabelsAreEvenAndIndependentOfHues) {
  const ShapesDataset data(6000, 8, 3, 4);
  const Tensor label = data.batch(first(6000)).told.label, hue = data.hues(first(6000));
  const Tensor counts = torch::bincount(label * 6 + hue, {}, 30);
  EXPECT_EQ(data.classes().size(), 5u);
  EXPECT_EQ(ShapesDataset::hue_names().size(), 6u);
  EXPECT_GT(counts.min().item<int64_t>(), 140);
  EXPECT_LT(counts.max().item<int64_t>(), 260);
}

ShapesDataset labelled(const std::string& labels, const std::string& rare = "", double share = 0.15) {
  return ShapesDataset(20000, 8, 3, 4, {labels, rare, share});
}

TEST(Shapes, LabelsNameTheKindTheHueOrBoth) {
  const Batch kind = labelled("kind").batch(first(300)), hue = labelled("hue").batch(first(300)),
              both = labelled("both").batch(first(300));
  EXPECT_TRUE(torch::equal(kind.data.x, hue.data.x) && torch::equal(kind.data.x, both.data.x));
  EXPECT_TRUE(torch::equal(hue.told.label, labelled("kind").hues(first(300))));
  EXPECT_TRUE(torch::equal(both.told.label, kind.told.label * 6 + hue.told.label));
  EXPECT_EQ(labelled("kind").classes(), ShapesDataset::kind_names());
  EXPECT_EQ(labelled("hue").classes(), ShapesDataset::hue_names());
  const std::vector<std::string> names = labelled("both").classes();
  ASSERT_EQ(names.size(), 30u);
  EXPECT_EQ(names[0], "red disc");
  EXPECT_EQ(names[2 * 6 + 4], "blue triangle");
  EXPECT_EQ(names[29], "purple ring");
}

TEST(Shapes, ARareCombinationBecomesAnotherHueAndNothingElseChanges) {
  const ShapesDataset plain = labelled("both"), rare = labelled("both", "purple ring");
  constexpr int64_t kCount = 20000, kPurpleRing = 29;
  const Tensor before = plain.batch(first(kCount)).told.label, after = rare.batch(first(kCount)).told.label;
  const Tensor was = before.eq(kPurpleRing), changed = before.ne(after);
  EXPECT_TRUE(changed.logical_and(was.logical_not()).sum().eq(0).item<bool>());
  EXPECT_TRUE(after.div(6, "floor").eq(before.div(6, "floor")).all().item<bool>());
  // 0.5 % of 20,000 are 100; a deviation is 10.
  EXPECT_NEAR(after.eq(kPurpleRing).sum().item<double>(), 100, 35);
  const Tensor others = torch::bincount(after.masked_select(changed) - 24, {}, 6);
  EXPECT_NEAR(others.narrow(0, 0, 5).to(torch::kFloat64).mean().item<double>(), 0.85 / 30 / 5 * kCount, 12);
  EXPECT_GT(others.narrow(0, 0, 5).min().item<int64_t>(), 70);
  EXPECT_EQ(others[5].item<int64_t>(), 0);
  // Images of other combinations are bit for bit what they were; the others keep their shape's place.
  const Batch some = plain.batch(first(200)), same = rare.batch(first(200));
  const Tensor differs = some.data.x.ne(same.data.x).flatten(1).any(1);
  EXPECT_TRUE(torch::equal(differs, some.told.label.ne(same.told.label)));
}

TEST(Shapes, AShareOfOneChangesNothingAndAShareOfZeroLeavesNone) {
  const Tensor plain = labelled("both").batch(first(2000)).told.label;
  EXPECT_TRUE(torch::equal(labelled("both", "red  cross", 1).batch(first(2000)).told.label, plain));
  EXPECT_GT(plain.eq(18).sum().item<int64_t>(), 30);
  EXPECT_EQ(labelled("both", "red cross", 0).batch(first(2000)).told.label.eq(18).sum().item<int64_t>(), 0);
}

TEST(Shapes, WordsThatNameNothingAreRefused) {
  const auto word_refusal = [](const std::string& labels, const std::string& rare, double share) {
    return refusal([&] { labelled(labels, rare, share); });
  };
  EXPECT_EQ(word_refusal("hues", "", 0.1),
            "[shapes] expected labels as one of kind, hue, both but got \"hues\"; did you mean hue?");
  EXPECT_EQ(word_refusal("kind", "purpel ring", 0.1),
            "[shapes] expected the hue of rare as one of red, orange, yellow, green, blue, purple but got "
            "\"purpel\"; did you mean purple?");
  EXPECT_EQ(word_refusal("kind", "ring", 0.1),
            "[shapes] expected rare as a hue and a kind, as purple ring, but got \"ring\"");
  EXPECT_THAT(word_refusal("kind", "ring purple", 0.1), testing::HasSubstr("the kind of rare"));
  EXPECT_THAT(word_refusal("kind", "big purple ring", 0.1), testing::HasSubstr("a hue and a kind"));
  EXPECT_THAT(word_refusal("kind", "red disc", 1.5), testing::HasSubstr("from 0 to 1 but got 1.5"));
}

TEST(Shapes, LargerPicturesShowTheSameScene) {
  const Tensor small = ShapesDataset(50, 32, 3, 5).batch(first(50)).data.x;
  const Tensor large = area_resize(ShapesDataset(50, 128, 3, 5).batch(first(50)).data.x, 32, 32);
  EXPECT_LT((small - large).abs().mean().item<float>(), 0.01f);
}

TEST(Shapes, WrongSizesAreRefused) {
  EXPECT_THROW(ShapesDataset(0, 32, 3, 0), Error);
  EXPECT_THROW(ShapesDataset(1, 4, 3, 0), Error);
  EXPECT_THROW(ShapesDataset(1, 32, 2, 0), Error);
  EXPECT_THROW(ShapesDataset(3, 32, 3, 0).batch({3}), Error);
}

}  // namespace
}  // namespace steer
