#include "steer/nn/pairs.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <functional>

#include "steer/core/check.h"

namespace steer {
namespace {

SharedPairs some_pairs() {
  return std::make_shared<AtomPairs>(std::vector<int64_t>{3, 1, 5, 0, 2});
}

// Results and gradients of two ways of one function of leaves.
void expect_alike(const std::vector<Tensor>& leaves,
                  const std::function<Tensor(const std::vector<Tensor>&, bool plain)>& f, double near) {
  std::vector<std::vector<Tensor>> results;
  for (const bool plain : {false, true}) {
    std::vector<Tensor> in;
    for (const Tensor& leaf : leaves) in.push_back(leaf.clone().requires_grad_());
    const Tensor y = f(in, plain);
    torch::manual_seed(9);
    (y.to(torch::kFloat32) * torch::randn(y.sizes())).sum().backward();
    results.push_back({y.detach()});
    for (const Tensor& each : in) results.back().push_back(each.grad());
  }
  ASSERT_EQ(results[0][0].scalar_type(), results[1][0].scalar_type());
  for (size_t i = 0; i < results[0].size(); ++i)
    EXPECT_TRUE(
        torch::allclose(results[0][i].to(torch::kFloat32), results[1][i].to(torch::kFloat32), near, near))
        << "result " << i;
}

TEST(Pairs, AreAllOrderedPairsOfEachMolecule) {
  const SharedPairs pairs = some_pairs();
  EXPECT_EQ(pairs->atoms(), 11);
  EXPECT_EQ(pairs->pairs(), 6 + 20 + 2);
  EXPECT_EQ(pairs->molecules(), 5);
  const Tensor i = pairs->first(), j = pairs->second();
  EXPECT_TRUE((i != j).all().item<bool>());
  EXPECT_TRUE((i.slice(0, 1) >= i.slice(0, 0, -1)).all().item<bool>());
  EXPECT_EQ(i[26].item<int64_t>(), 9);
  EXPECT_EQ(j[26].item<int64_t>(), 10);
  EXPECT_THROW(AtomPairs({2, -1}), Error);
}

TEST(Pairs, FusedEqualsPlainForwardAndBackward) {
  torch::manual_seed(3);
  const SharedPairs pairs = some_pairs();
  for (const auto type : {torch::kFloat32, torch::kBFloat16})
    for (const int64_t h : {1, 7, 48}) {
      const double near = type == torch::kFloat32 ? 1e-4 : 0.05;
      const Tensor p = torch::randn({11, h}).to(type), q = torch::randn({11, h}).to(type),
                   v = torch::randn({28, h}).to(type), a = torch::randn({h}), c = torch::randn({1});
      for (const int64_t k : {1, 2})
        expect_alike(
            {p, q, torch::randn({28, k}), torch::randn({k, h})},
            [&](const std::vector<Tensor>& in, bool plain) {
              return (plain ? pair_silu_plain : pair_silu)(in[0], in[1], in[2], in[3], pairs);
            },
            near);
      expect_alike(
          {v, a, c},
          [&](const std::vector<Tensor>& in, bool plain) {
            return (plain ? gated_sums_plain : gated_sums)(in[0], in[1], in[2], pairs);
          },
          near);
      expect_alike(
          {v, a},
          [&](const std::vector<Tensor>& in, bool plain) {
            return (plain ? silu_dot_plain : silu_dot)(in[0], in[1]);
          },
          near);
    }
}

TEST(Pairs, SquaresAndMovesEqualThePlainWays) {
  torch::manual_seed(4);
  const SharedPairs pairs = some_pairs();
  expect_alike(
      {torch::randn({11, 3})},
      [&](const std::vector<Tensor>& in, bool plain) {
        return (plain ? pair_squares_plain : pair_squares)(in[0], pairs);
      },
      1e-5);
  expect_alike(
      {torch::randn({11, 3}), torch::randn({28})},
      [&](const std::vector<Tensor>& in, bool plain) {
        return (plain ? moved_by_pairs_plain : moved_by_pairs)(in[0], in[1], 1.5, pairs);
      },
      1e-5);
  // An atom alone stays where it is.
  const Tensor x = torch::randn({11, 3});
  EXPECT_TRUE(torch::equal(moved_by_pairs(x, torch::ones({28}), 1, pairs)[3], x[3]));
}

TEST(Pairs, MisfitsAreRefused) {
  const SharedPairs pairs = some_pairs();
  EXPECT_THROW(
      pair_silu(torch::ones({10, 4}), torch::ones({10, 4}), torch::ones({28, 1}), torch::ones({1, 4}), pairs),
      Error);
  EXPECT_THROW(
      pair_silu(torch::ones({11, 4}), torch::ones({11, 4}), torch::ones({28, 2}), torch::ones({1, 4}), pairs),
      Error);
  EXPECT_THROW(gated_sums(torch::ones({27, 4}), torch::ones({4}), torch::ones({1}), pairs), Error);
}

}  // namespace
}  // namespace steer
