// Blocks of tokens by a DDN: what its candidates say, how they are chosen, and the law that it stands for.
#include "steer/ddn/block_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "steer/core/random.h"
#include "steer/ddn/chooser.h"
#include "steer/ddn/split_prune.h"
#include "steer/ddn/token_choosers.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kTokens = 5, kBlock = 3, kContext = 4;

BlockNetwork small_block_network(std::vector<int64_t> candidates = {6}, int64_t layers = 2) {
  torch::manual_seed(3);
  BlockNetwork network(BlockNetworkShape{{8, layers, std::move(candidates)}, kTokens, kBlock, kContext});
  const torch::NoGradGuard no_grad;
  for (Tensor& parameter : network->parameters()) parameter.add_(torch::randn_like(parameter), 0.3);
  return network;
}

Tensor some_context(int64_t rows) {
  torch::manual_seed(5);
  return torch::randn({rows, kContext});
}

TEST(BlockNetwork, CandidatesSayTokensAsTheirImagesDo) {
  BlockNetwork network = small_block_network();
  torch::manual_seed(9);
  const Tensor token = torch::randint(kTokens, {7, kBlock}, torch::kInt64);
  const Tensor known = torch::rand({7, kBlock}) > 0.4;
  int64_t asked = 0;
  network->run(some_context(7), [&](const Candidates& candidates, int64_t layer) -> Choice {
    const Tensor said = candidates.images().squeeze(3).log_softmax(2);  // [B, K, V, 1 -> P]
    const Tensor index = token.view({7, 1, 1, kBlock}).expand({-1, 6, -1, -1});
    const Tensor each = -said.view({7, 6, kTokens, kBlock}).gather(2, index).squeeze(2);
    EXPECT_TRUE(torch::allclose(candidates.nats_of(token), each.sum(2), 1e-5, 1e-5)) << layer;
    EXPECT_TRUE(
        torch::allclose(candidates.nats_of(token, known), (each * known.unsqueeze(1)).sum(2), 1e-5, 1e-5));
    EXPECT_TRUE(torch::allclose(candidates.log_prior().exp().sum(1), torch::ones({7}), 1e-5, 1e-5));
    ++asked;
    const Tensor best = each.sum(2).argmin(1);
    EXPECT_TRUE(shortest_for(token, 0)(candidates, layer).index.equal(best));
    const Tensor shortest = (each.sum(2) - candidates.log_prior()).argmin(1);
    EXPECT_TRUE(shortest_for(token, 1)(candidates, layer).index.equal(shortest));
    return {best, {}, best};
  });
  EXPECT_EQ(asked, 2);
}

TEST(BlockNetwork, GivesLogPriorsOfItsIndicesAndTheLastMapIsWhatWasChosen) {
  BlockNetwork network = small_block_network();
  const Tensor code = torch::tensor({{2, 5}, {0, 1}, {3, 3}}, torch::kInt64);
  Tensor prior;
  const BlocksMade made = network->run(some_context(3), [&](const Candidates& candidates, int64_t layer) {
    const Tensor said = candidates.log_prior().gather(1, code.narrow(1, layer, 1));
    prior = prior.defined() ? torch::cat({prior, said}, 1) : said;
    EXPECT_TRUE(layer == 0 || candidates.code().equal(code.narrow(1, 0, layer)));
    return follow(code)(candidates, layer);
  });
  EXPECT_TRUE(made.code.equal(code));
  EXPECT_TRUE(torch::allclose(made.log_prior, prior));
  EXPECT_EQ(made.logits.size(), 2U);
  EXPECT_EQ(made.logits[1].sizes(), (std::vector<int64_t>{3, kBlock, kTokens}));
}

// Rows that multiply take their context and all that was said of them along.
TEST(BlockNetwork, RowsThatMultiplyEqualRowsOfTheirOwn) {
  BlockNetwork network = small_block_network({4, 3});
  const Tensor context = some_context(2);
  const BlocksMade made = network->run(context, [&](const Candidates& candidates, int64_t) -> Choice {
    const int64_t rows = candidates.rows(), K = candidates.count();
    return {torch::arange(K).repeat({rows}), torch::arange(rows).repeat_interleave(K), {}};
  });
  ASSERT_EQ(made.code.size(0), 2 * 4 * 3);
  const BlocksMade alone = network->run(context.repeat_interleave(12, 0), follow(made.code));
  EXPECT_TRUE(torch::allclose(made.log_prior, alone.log_prior, 1e-5, 1e-6));
  for (size_t l = 0; l < 2; ++l)
    EXPECT_TRUE(torch::allclose(made.logits[l], alone.logits[l], 1e-4, 1e-5)) << l;
  // Over all codes the prior sums to 1.
  EXPECT_TRUE(
      torch::allclose(made.log_prior.sum(1).exp().view({2, 12}).sum(1), torch::ones({2}), 1e-5, 1e-5));
}

TEST(BlockNetwork, DrawsIndicesByItsPrior) {
  BlockNetwork network = small_block_network({5}, 1);
  constexpr int64_t kDraws = 20000;
  Tensor law;
  const Tensor seeds = sample_seeds(1, kDraws);
  const Tensor context = some_context(1).expand({kDraws, kContext});
  const BlocksMade made = network->run(context, [&](const Candidates& candidates, int64_t layer) {
    law = candidates.log_prior()[0].exp().to(torch::kFloat64);
    return by_own_prior(seeds)(candidates, layer);
  });
  const Tensor share = torch::bincount(made.code.flatten(), {}, 5).to(torch::kFloat64) / kDraws;
  EXPECT_LT((share - law).abs().div((law * (1 - law) / kDraws).sqrt()).max().item<double>(), 4.5);
  const Tensor likeliest = network->run(context.narrow(0, 0, 3), by_own_prior(seeds.narrow(0, 0, 3), 0)).code;
  EXPECT_TRUE(likeliest.flatten().equal(law.argmax().expand({3})));
}

// A clone takes the prior's row over with the weights.
TEST(BlockNetwork, SplitsTakeThePriorAlong) {
  BlockNetwork network = small_block_network({4}, 1);
  Layer nodes = network->layers()[0];
  ASSERT_EQ(nodes->companions.size(), 2U);
  const torch::NoGradGuard no_grad;
  nodes->counts.copy_(torch::tensor({50., 30., 0., 20.}));
  const auto splits = split_and_prune(nodes, {}, nullptr, nullptr);
  ASSERT_EQ(splits.size(), 1U);
  EXPECT_EQ(splits[0].prune, 2);
  for (const Tensor& each : nodes->companions) EXPECT_TRUE(each[2].equal(each[0]));
  // Nearly the same weights, or a sum over all candidates would never tell the two apart.
  const Tensor apart = nodes->node_weights()[2] - nodes->node_weights()[0];
  const double share = (apart.std() / nodes->node_weights()[0].std()).item<double>();
  EXPECT_NEAR(share, 0.05, 0.025);
  // The same without a look at the host, and nothing where no split is wanted.
  nodes->counts.copy_(torch::tensor({30., 30., 90., 0.}));
  const auto split_there = [&] { return split_and_prune_there(nodes, {}, nullptr, nullptr).item<double>(); };
  EXPECT_EQ(split_there(), 1);
  const Tensor twins = nodes->node_weights()[3] - nodes->node_weights()[2];
  EXPECT_NEAR((twins.std() / nodes->node_weights()[2].std()).item<double>(), 0.05, 0.025);
  const Tensor as_it_is = nodes->node_weights().clone();
  EXPECT_EQ(split_there(), 0);
  EXPECT_TRUE(nodes->node_weights().equal(as_it_is));
}

TEST(BlockNetwork, KnowsItsExtentBeforehandAndRefusesWhatDoesNotFit) {
  const BlockNetworkShape shape{{8, 3, {4, 5, 6}}, kTokens, kBlock, kContext};
  BlockNetwork network(shape);
  double numbers = 0;
  for (const Tensor& parameter : network->parameters()) numbers += static_cast<double>(parameter.numel());
  EXPECT_EQ(extent(shape).numbers, numbers);
  EXPECT_EQ(extent(shape).tensors, static_cast<double>(network->parameters().size()));
  EXPECT_THAT(refusal([] {
                BlockNetwork(BlockNetworkShape{{8, 3, {4, 5}}, 5, 3, 4});
              }),
              HasSubstr("one per layer (3)"));
  const Chooser drawn = by_own_prior(torch::zeros({2}, torch::kInt64));
  EXPECT_THAT(refusal([&] { network->run(torch::zeros({2, 3}), drawn); }), HasSubstr("a context [N, 4]"));
}

}  // namespace
}  // namespace steer
