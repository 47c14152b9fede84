#include "steer/nn/embedding.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/random.h"

namespace steer {
namespace {

TEST(Embedding, PositionalFeaturesAreTheSinesAndCosinesOfTheFormula) {
  const Tensor label = torch::tensor({0.0, 3.0, 41.5});
  for (const int64_t shift : {0, 1}) {
    const Tensor features = positional_features(label, {6, false, shift});
    for (int64_t b = 0; b < 3; ++b)
      for (int64_t i = 0; i < 3; ++i) {
        const double angle = label[b].item<double>() *
                             std::pow(10000.0, -static_cast<double>(i) / (3.0 - static_cast<double>(shift)));
        EXPECT_NEAR(features[b][i].item<double>(), std::sin(angle), 1e-5);
        EXPECT_NEAR(features[b][3 + i].item<double>(), std::cos(angle), 1e-5);
      }
    const Tensor flipped = positional_features(label, {6, true, shift});
    EXPECT_TRUE(torch::equal(flipped, features.roll(3, 1)));
  }
  EXPECT_THROW(positional_features(label, {5, false, 0}), Error);
  EXPECT_THROW(positional_features(label, {2, false, 1}), Error);
}

TEST(Embedding, FourierFeaturesTurnOncePerUnitOfFrequencyAndFactorE) {
  const Tensor w = torch::tensor({1.0f, 0.25f}), label = torch::tensor({1.0f, std::exp(1.0f)});
  const Tensor expected = torch::tensor({{0.0f, 0.0f, 1.0f, 1.0f}, {0.0f, 1.0f, 1.0f, 0.0f}});
  EXPECT_TRUE(torch::allclose(fourier_features(label, w), expected, 1e-5, 1e-5));
}

TEST(Embedding, ClassesAreRowsAndOthersAreRefused) {
  ClassEmbedding embedding(3, 5);
  const Tensor labels = torch::tensor({2, 0}, torch::kInt64);
  EXPECT_TRUE(torch::equal(embedding->forward(labels)[0], embedding->weight[2]));
  EXPECT_THROW(embedding->forward(labels + 1), Error);
  EXPECT_THROW(embedding->forward(labels - 1), Error);
  EXPECT_THROW(embedding->forward(labels.to(torch::kFloat32)), Error);
}

TEST(Embedding, ClassDropoutTakesItsShareAndDependsOnTheRowsSeedAlone) {
  const Tensor seeds = sample_seeds(9, 4000), labels = torch::arange(4000).remainder(10);
  const Tensor dropped = with_class_dropout(labels, 0.2, 10, seeds);
  EXPECT_NEAR((dropped == 10).to(torch::kFloat32).mean().item<double>(), 0.2, 0.02);
  EXPECT_TRUE(((dropped == 10) | (dropped == labels)).all().item<bool>());
  EXPECT_TRUE(torch::equal(with_class_dropout(labels.narrow(0, 7, 5), 0.2, 10, seeds.narrow(0, 7, 5)),
                           dropped.narrow(0, 7, 5)));
  EXPECT_TRUE(torch::equal(with_class_dropout(labels, 0, 10, seeds), labels));
  EXPECT_TRUE((with_class_dropout(labels, 1, 10, seeds) == 10).all().item<bool>());
}

}  // namespace
}  // namespace steer
