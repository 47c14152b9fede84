#include "steer/nn/property_network.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"
#include "steer/nn/initial_values.h"

namespace steer {
namespace {

PropertyNetworkOptions small_properties() {
  PropertyNetworkOptions options;
  options.elements = "HC", options.names = {"mu", "gap"};
  options.width = 16, options.layers = 2;
  return options;
}

PropertyNetwork small_teller() {
  const InitialValues values(3);
  return PropertyNetwork(small_properties());
}

// Molecules of four, two and three atoms.
Tensor some_atoms() {
  torch::manual_seed(6);
  Tensor x = torch::randn({3, 4, 5});
  x[1].narrow(0, 2, 2).zero_();
  x[2].narrow(0, 3, 1).zero_();
  return x;
}

TEST(PropertyNetwork, DoesNotMindHowAMoleculeLiesNorItsAtomsOrder) {
  PropertyNetwork network = small_teller();
  network->to(torch::kFloat64);
  const torch::NoGradGuard no_grad;
  const Tensor x = some_atoms().to(torch::kFloat64), y = network->forward(x);
  const Tensor q = std::get<0>(torch::linalg_qr(torch::randn({3, 3}, torch::kFloat64)));
  const Tensor turned = torch::cat({x.narrow(2, 0, 3).matmul(q), x.narrow(2, 3, 2)}, 2);
  EXPECT_LT((network->forward(turned) - y).abs().max().item<double>(), 1e-10);
  EXPECT_LT((network->forward(x.flip(1)) - y).abs().max().item<double>(), 1e-10);
  EXPECT_GT((network->forward(x * 1.1) - y).abs().max().item<double>(), 1e-4);
}

TEST(PropertyNetwork, ARowDependsOnItselfAlone) {
  PropertyNetwork network = small_teller();
  const torch::NoGradGuard no_grad;
  const Tensor x = some_atoms(), y = network->forward(x);
  for (int64_t i = 0; i < 3; ++i)
    EXPECT_LT((network->forward(x.narrow(0, i, 1))[0] - y[i]).abs().max().item<double>(), 1e-5) << i;
}

// The pull on a molecule's atoms is zero in all, as a guide that depends on distances has it.
TEST(PropertyNetwork, ItsGradientPullsAtomsApartAndNotAlong) {
  PropertyNetwork network = small_teller();
  Tensor x = some_atoms().requires_grad_();
  network->forward(x).sum().backward();
  EXPECT_LT(x.grad().narrow(2, 0, 3).sum(1).abs().max().item<double>(), 1e-5);
  EXPECT_GT(x.grad().narrow(2, 0, 3).abs().max().item<double>(), 1e-4);
}

TEST(PropertyNetwork, KnowsItsExtentAndRefusesMisfits) {
  PropertyNetwork network = small_teller();
  double numbers = 0;
  for (const auto& parameter : network->parameters()) numbers += static_cast<double>(parameter.numel());
  for (const auto& buffer : network->buffers()) numbers += static_cast<double>(buffer.numel());
  EXPECT_EQ(extent(small_properties()).numbers, numbers);
  EXPECT_THROW(network->forward(torch::ones({2, 4, 6})), Error);
  PropertyNetworkOptions none = small_properties();
  none.names = {};
  EXPECT_THROW(check(none), Error);
  EXPECT_THROW(load_properties("/nowhere/at/all", torch::kCPU), Error);
}

}  // namespace
}  // namespace steer
