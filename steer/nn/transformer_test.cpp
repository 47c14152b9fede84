#include "steer/nn/transformer.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/nn/initial_values.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

TransformerShape small_shape() {
  TransformerShape shape;
  shape.options.width = 24, shape.options.blocks = 2, shape.options.heads = 2, shape.options.condition = 8;
  shape.tokens = 11, shape.outputs = 10, shape.context = 12;
  return shape;
}

// With weights that make every part matter.
Transformer lively(const TransformerShape& shape) {
  const InitialValues values(4);
  Transformer network(shape);
  const torch::NoGradGuard no_grad;
  for (Tensor& parameter : network->parameters()) parameter.add_(torch::randn_like(parameter), 0.2);
  return network;
}

Tensor some_tokens(int64_t rows, int64_t length) {
  torch::manual_seed(7);
  return torch::randint(0, 11, {rows, length}, torch::kInt64);
}

TokenContext seeing(const std::string& kind, int64_t block = 1) {
  TokenContext context;
  context.sight.kind = kind, context.sight.block = block;
  return context;
}

std::vector<TransformerShape> many_shapes() {
  std::vector<TransformerShape> all;
  for (const Named& activation : activations()) {
    all.push_back(small_shape());
    all.back().options.activation = activation.name;
  }
  all.push_back(small_shape());
  all.back().options.positions = "learned", all.back().options.bias = true, all.back().options.tied = true;
  all.push_back(small_shape());
  all.back().told_noise = true, all.back().num_class_embeds = 3;
  return all;
}

TokenContext told(TokenContext context, const TransformerShape& shape, int64_t rows) {
  if (shape.told_noise) context.noise = torch::arange(rows, torch::kFloat32) * 0.7;
  if (shape.num_class_embeds > 0) context.class_labels = torch::arange(rows) % shape.num_class_embeds;
  return context;
}

TEST(Transformer, HasTheParametersThatItsExtentSays) {
  for (const TransformerShape& shape : many_shapes()) {
    const Transformer network(shape);
    Extent held;
    for (const Tensor& parameter : network->parameters()) held.add(parameter.sizes().vec());
    EXPECT_EQ(held.tensors, extent(shape).tensors) << shape.options.activation;
    EXPECT_EQ(held.numbers, extent(shape).numbers) << shape.options.activation;
  }
}

TEST(Transformer, ARowDependsOnItselfAlone) {
  for (const TransformerShape& shape : many_shapes()) {
    const Transformer network = lively(shape);
    const Tensor tokens = some_tokens(5, 9);
    const Tensor all = network->forward(tokens, told({}, shape, 5));
    EXPECT_EQ(all.sizes(), (std::vector<int64_t>{5, 9, 10}));
    TokenContext last = told({}, shape, 5);
    if (last.noise.defined()) last.noise = last.noise.narrow(0, 4, 1);
    if (last.class_labels.defined()) last.class_labels = last.class_labels.narrow(0, 4, 1);
    const Tensor alone = network->forward(tokens.narrow(0, 4, 1), last);
    EXPECT_TRUE(torch::allclose(alone[0], all[4], 1e-4, 1e-5)) << shape.options.activation;
  }
}

TEST(Transformer, EveryPartMatters) {
  for (const TransformerShape& shape : many_shapes()) {
    const Transformer network = lively(shape);
    network->forward(some_tokens(4, 12), told({}, shape, 4)).square().sum().backward();
    for (const auto& named : network->named_parameters()) {
      ASSERT_TRUE(named.value().grad().defined()) << named.key();
      EXPECT_GT(named.value().grad().abs().max().item<double>(), 0) << named.key();
    }
  }
}

TEST(Transformer, LaterTokensDoNotReachEarlierOnes) {
  const Transformer network = lively(small_shape());
  const Tensor tokens = some_tokens(1, 12);
  Tensor changed = tokens.clone();
  changed[0][7] = (changed[0][7] + 1) % 11;
  const auto differs = [&](const TokenContext& context) {
    return (network->forward(tokens, context) - network->forward(changed, context)).abs().amax(2)[0] > 1e-6;
  };
  const Tensor causal = differs(seeing("causal"));
  EXPECT_FALSE(causal.narrow(0, 0, 7).any().item<bool>());
  EXPECT_TRUE(causal.narrow(0, 7, 5).all().item<bool>());
  const Tensor blocks = differs(seeing("blocks", 4));
  EXPECT_FALSE(blocks.narrow(0, 0, 4).any().item<bool>());
  EXPECT_TRUE(blocks.narrow(0, 4, 8).all().item<bool>());
  EXPECT_TRUE(differs(seeing("all")).all().item<bool>());
}

TEST(Transformer, ACacheStandsForWhatWasSeen) {
  for (const char* positions : {"rotary", "learned"}) {
    TransformerShape shape = small_shape();
    shape.options.positions = positions;
    const Transformer network = lively(shape);
    const Tensor tokens = some_tokens(3, 12);
    // One at a time from left to right; blocks; a long piece and then single ones.
    const std::vector<std::pair<TokenContext, std::vector<int64_t>>> ways = {
        {seeing("causal"), std::vector<int64_t>(12, 1)},
        {seeing("blocks", 4), {4, 4, 4}},
        {seeing("blocks", 4), {8, 4}},
        {seeing("causal"), {5, 3, 1, 1, 2}}};
    for (const auto& [context, pieces] : ways) {
      KvCache cache;
      std::vector<Tensor> parts;
      int64_t at = 0;
      for (const int64_t piece : pieces) {
        // Looking without keeping changes nothing.
        network->features(tokens.narrow(1, at, piece), context, {}, &cache);
        parts.push_back(network->features(tokens.narrow(1, at, piece), context, {}, &cache, true));
        at += piece;
        EXPECT_EQ(cache.length(), at);
      }
      EXPECT_TRUE(torch::allclose(at::cat(parts, 1), network->features(tokens, context), 1e-4, 1e-5))
          << positions << " " << context.sight.kind;
    }
  }
}

TEST(Transformer, NoisedBlocksBesideCleanOnesAreWhatBlockAfterBlockGives) {
  const Transformer network = lively(small_shape());
  const Tensor clean = some_tokens(2, 12);
  const Tensor noised = at::where(torch::arange(12).remainder(3) == 0, torch::full_like(clean, 10), clean);
  TokenContext both = seeing("blocks", 4);
  both.sight.doubled = true;
  const Tensor at_once = network->features(at::cat({noised, clean}, 1), both).narrow(1, 0, 12);
  KvCache cache;
  const TokenContext context = seeing("blocks", 4);
  for (int64_t at = 0; at < 12; at += 4) {
    const Tensor one = network->features(noised.narrow(1, at, 4), context, {}, &cache);
    EXPECT_TRUE(torch::allclose(one, at_once.narrow(1, at, 4), 1e-4, 1e-5)) << at;
    network->features(clean.narrow(1, at, 4), context, {}, &cache, true);
  }
}

TEST(Transformer, TakesProbabilitiesForTokens) {
  const Transformer network = lively(small_shape());
  const Tensor tokens = some_tokens(2, 6);
  const Tensor sure = torch::one_hot(tokens, 11).to(torch::kFloat32);
  EXPECT_TRUE(torch::allclose(network->forward(sure, {}), network->forward(tokens, {}), 1e-4, 1e-5));
}

TEST(Transformer, TextsOfUnequalLengthEqualEachAlone) {
  const Transformer network = lively(small_shape());
  const Tensor tokens = some_tokens(2, 12);
  TokenContext context;
  context.sight.present = torch::ones({2, 12}, torch::kBool);
  context.sight.present[0].narrow(0, 5, 7).fill_(false);
  const Tensor padded = network->forward(tokens, context)[0].narrow(0, 0, 5);
  EXPECT_TRUE(
      torch::allclose(padded, network->forward(tokens.narrow(0, 0, 1).narrow(1, 0, 5), {})[0], 1e-4, 1e-5));
}

TEST(Transformer, RecomputesTheSameGradients) {
  TransformerShape shape = small_shape();
  shape.options.dropout = 0.3, shape.told_noise = true;
  Transformer network = lively(shape);
  std::vector<std::vector<Tensor>> gradients;
  for (const bool recompute : {false, true}) {
    network->set_recompute(recompute);
    network->zero_grad();
    network->forward(some_tokens(3, 12), told({}, shape, 3), Forwarding{5, {}}).square().sum().backward();
    gradients.emplace_back();
    for (const Tensor& parameter : network->parameters())
      gradients.back().push_back(parameter.grad().clone());
  }
  for (size_t i = 0; i < gradients[0].size(); ++i)
    EXPECT_TRUE(torch::allclose(gradients[0][i], gradients[1][i], 1e-4, 1e-4));
}

TEST(Transformer, RefusesWhatItCannotTake) {
  TransformerShape shape = small_shape();
  shape.options.heads = 5;
  EXPECT_NE(refusal([&] { check(shape); }).find("24 and 5 heads"), std::string::npos);
  shape = small_shape();
  shape.options.positions = "learned";
  const Transformer network(shape);
  EXPECT_EQ(refusal([&] { network->forward(some_tokens(1, 13), {}); }),
            "[transformer] expected 1 to 12 tokens, as many as it was made for, but got 13");
  EXPECT_EQ(refusal([&] { network->forward(some_tokens(1, 3) + 9, {}); }),
            "[transformer] expected tokens from 0 to 10");
  TokenContext context;
  context.noise = torch::ones({1});
  EXPECT_EQ(refusal([&] { network->forward(some_tokens(1, 3), context); }),
            "[transformer] expected no noise labels but got some");
}

}  // namespace
}  // namespace steer
