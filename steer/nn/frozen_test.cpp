#include "steer/nn/frozen.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <memory>
#include <thread>

namespace steer {
namespace {

TEST(Frozen, TheFirstFreezesAndTheLastThaws) {
  torch::nn::Linear network(3, 2);
  network->bias.set_requires_grad(false);
  Freezer freezer(*network);
  auto first = std::make_unique<Frozen>(freezer), second = std::make_unique<Frozen>(freezer);
  EXPECT_FALSE(network->weight.requires_grad());
  first.reset();
  EXPECT_FALSE(network->weight.requires_grad());
  second.reset();
  EXPECT_TRUE(network->weight.requires_grad());
  // What asked for no gradient before asks for none afterwards.
  EXPECT_FALSE(network->bias.requires_grad());
}

TEST(Frozen, NoThreadThatHoldsOneSeesAChange) {
  torch::nn::Linear network(3, 2);
  Freezer freezer(*network);
  std::atomic<int> seen{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 500; ++j) {
        const Frozen frozen(freezer);
        for (int look = 0; look < 3; ++look) seen += network->weight.requires_grad();
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(seen, 0);
  EXPECT_TRUE(network->weight.requires_grad());
}

}  // namespace
}  // namespace steer
