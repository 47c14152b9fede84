#include "steer/nn/extent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/nn/classifier.h"
#include "steer/nn/mlp.h"
#include "steer/nn/unet.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

using testing::HasSubstr;

void expect_extent(const torch::nn::Module& module, const Extent& extent) {
  Extent built;
  for (const Tensor& parameter : module.parameters()) built.add(parameter.sizes().vec());
  EXPECT_EQ(extent.tensors, built.tensors);
  EXPECT_EQ(extent.numbers, built.numbers);
}

TEST(Extent, IsThatOfTheNetwork) {
  MlpOptions mlp;
  expect_extent(MlpImpl(mlp), extent(mlp));
  mlp.values = 3, mlp.width = 10, mlp.blocks = 1, mlp.frequencies = 0, mlp.num_class_embeds = 5;
  expect_extent(MlpImpl(mlp), extent(mlp));
  ClassifierOptions classifier;
  classifier.channels = 3, classifier.classes = 7;
  expect_extent(ClassifierImpl(classifier), extent(classifier));
  classifier.widths = {8, 8, 64}, classifier.blocks = 3, classifier.patch = 1;
  expect_extent(ClassifierImpl(classifier), extent(classifier));
  UNetOptions unet;
  expect_extent(UNetImpl(unet), extent(unet));
}

TEST(Extent, OfHugeNetworksIsKnownAtOnce) {
  MlpOptions mlp;
  mlp.width = 65536, mlp.blocks = 1000, mlp.values = 4096;
  EXPECT_GT(extent(mlp).numbers, 1e13);
  ClassifierOptions classifier;
  classifier.channels = 4096, classifier.classes = 1 << 20, classifier.blocks = 1000, classifier.size = 4096;
  classifier.widths = {65536, 65536}, classifier.patch = 1;
  EXPECT_GT(extent(classifier).numbers, 1e13);
  UNetOptions unet;
  unet.block_out_channels = {65536, 65536, 65536}, unet.layers_per_block = 64;
  EXPECT_GT(extent(unet).numbers, 1e13);
}

TEST(Extent, AFileThatHoldsFarLessIsRefused) {
  const std::map<std::string, Tensor> file = {{"a", at::zeros({2, 3})}, {"b", at::zeros({4})}};
  const auto fault = [&](const Extent& wanted) {
    return refusal([&] { check_extent(file, wanted, "[load] f"); });
  };
  Extent wanted;
  wanted.add({2, 3}), wanted.add({4}, 3);
  EXPECT_EQ(fault(wanted), "accepted");  // load_tensors names what is missing
  wanted.add({1 << 12, 1 << 12});
  EXPECT_THAT(fault(wanted),
              HasSubstr("[load] f: expected 5 tensors of 16777234 numbers in all, as its options "
                        "say, but got 2 of 10"));
  Extent many;
  many.add({1}, 1003);
  EXPECT_THAT(fault(many), HasSubstr("expected 1003 tensors"));
}

}  // namespace
}  // namespace steer
