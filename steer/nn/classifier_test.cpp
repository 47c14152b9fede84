#include "steer/nn/classifier.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"

namespace steer {
namespace {

ClassifierOptions classifier_options() {
  ClassifierOptions options;
  options.channels = 1;
  options.size = 16;
  options.classes = 3;
  options.widths = {8, 16};
  return options;
}

TEST(Classifier, GivesALogitForEachClassThatDependsOnItsOwnImageAlone) {
  torch::manual_seed(1);
  for (const int64_t blocks : {1, 2}) {
    ClassifierOptions options = classifier_options();
    options.blocks = blocks;
    Classifier network(options);
    const Tensor x = torch::rand({5, 1, 16, 16}) * 2 - 1;
    const Tensor logits = network->forward(x);
    EXPECT_EQ(logits.sizes(), (std::vector<int64_t>{5, 3}));
    EXPECT_TRUE(torch::allclose(network->forward(x.narrow(0, 2, 1))[0], logits[2], 1e-4, 1e-5));
  }
}

TEST(Classifier, DropsFeaturesAsTheSeedSays) {
  ClassifierOptions options = classifier_options();
  options.dropout = 0.5;
  Classifier network(options);
  const Tensor x = torch::rand({5, 1, 16, 16}) * 2 - 1, whole = network->forward(x);
  Forwarding how;
  how.dropout_seed = 3;
  const Tensor dropped = network->forward(x, how);
  EXPECT_FALSE(torch::allclose(dropped, whole));
  EXPECT_TRUE(torch::equal(network->forward(x, how), dropped));
  EXPECT_TRUE(torch::equal(network->forward(x), whole));
}

TEST(Classifier, LearnsToTellBrightLeftFromBrightRight) {
  torch::manual_seed(2);
  ClassifierOptions options = classifier_options();
  options.classes = 2;
  Classifier network(options);
  torch::optim::Adam adam(network->parameters(), 3e-3);
  Tensor accuracy;
  for (int step = 0; step < 60; ++step) {
    const Tensor label = torch::randint(0, 2, {32}, torch::kInt64);
    Tensor x = torch::randn({32, 1, 16, 16}) * 0.3;
    for (int64_t i = 0; i < 32; ++i) x[i].narrow(2, 8 * label[i].item<int64_t>(), 8) += 0.5;
    const Tensor logits = network->forward(x);
    accuracy = logits.argmax(1).eq(label).to(torch::kFloat32).mean();
    adam.zero_grad();
    torch::cross_entropy_loss(logits, label).backward();
    adam.step();
  }
  EXPECT_GT(accuracy.item<float>(), 0.9f);
}

TEST(Classifier, RefusesShapesThatDoNotFit) {
  const auto with = [](auto change) {
    ClassifierOptions options = classifier_options();
    change(options);
    return options;
  };
  EXPECT_THROW(Classifier(with([](auto& o) { o.size = 18; })), Error);
  EXPECT_THROW(Classifier(with([](auto& o) { o.classes = 0; })), Error);
  EXPECT_THROW(Classifier(with([](auto& o) { o.channels = 0; })), Error);
  EXPECT_THROW(Classifier(with([](auto& o) { o.widths = {}; })), Error);
  EXPECT_THROW(Classifier(with([](auto& o) { o.widths = {6}; })), Error);
  EXPECT_THROW(Classifier(with([](auto& o) { o.dropout = 1; })), Error);
  Classifier network(classifier_options());
  EXPECT_THROW(network->forward(torch::zeros({1, 3, 16, 16})), Error);
  EXPECT_THROW(network->forward(torch::zeros({1, 1, 8, 8})), Error);
}

}  // namespace
}  // namespace steer
