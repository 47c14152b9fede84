#include "steer/nn/initial_values.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <thread>

namespace steer {
namespace {

using torch::Tensor;

Tensor drawn_alone(uint64_t seed) {
  const InitialValues values(seed);
  return torch::nn::Linear(20, 30)->weight.detach();
}

TEST(InitialValues, AreThoseOfTheGlobalGeneratorWithThatSeed) {
  torch::manual_seed(9);
  const Tensor expected = torch::nn::Linear(20, 30)->weight.detach();
  torch::manual_seed(1);
  EXPECT_TRUE(torch::equal(drawn_alone(9), expected));
}

TEST(InitialValues, LeaveTheGlobalGeneratorAsItWas) {
  torch::manual_seed(1);
  torch::randn({1});  // of two drawn at once, the second is in the state
  const Tensor before = at::globalContext().defaultGenerator(torch::kCPU).get_state();
  {
    const InitialValues outer(3);
    const Tensor first = torch::rand({2}), inner = drawn_alone(9), second = torch::rand({2});
    const InitialValues again(3);
    EXPECT_TRUE(torch::equal(torch::rand({2}), first));
    EXPECT_TRUE(torch::equal(torch::rand({2}), second));
  }
  try {
    const InitialValues values(4);
    torch::rand({3});
    throw std::runtime_error("refused");
  } catch (const std::runtime_error&) {
  }
  EXPECT_TRUE(torch::equal(at::globalContext().defaultGenerator(torch::kCPU).get_state(), before));
}

TEST(InitialValues, OfSeveralThreadsDoNotMix) {
  std::vector<Tensor> alone, together(4);
  for (uint64_t i = 0; i < together.size(); ++i) alone.push_back(drawn_alone(i));
  std::vector<std::thread> threads;
  for (uint64_t i = 0; i < together.size(); ++i)
    threads.emplace_back([&, i] { together[i] = drawn_alone(i); });
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < together.size(); ++i) EXPECT_TRUE(torch::equal(together[i], alone[i]));
}

}  // namespace
}  // namespace steer
