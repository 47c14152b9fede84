#include "steer/ddn/network.h"

#include <gtest/gtest.h>

#include <set>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/ddn/chooser.h"
#include "steer/ddn/small_networks.h"

namespace steer {
namespace {

int64_t parameters_of(const Network& network) {
  int64_t count = 0;
  for (const Tensor& parameter : network.parameters())
    if (parameter.requires_grad()) count += parameter.numel();
  return count;
}

std::vector<std::shared_ptr<Network>> both_networks() {
  return {small_pyramid(), small_recurrent()};
}

TEST(Network, EncodeThenDecodeGivesTheSameImageBitForBit) {
  torch::NoGradGuard no_grad;
  for (const auto& network : both_networks())
    for (auto type : {torch::kFloat32, torch::kBFloat16}) {
      network->set_compute_type(type);
      const Tensor x = some_images(*network, 5);
      const Generated encoded = network->run(5, nearest_to(x));
      const Generated decoded = network->run(5, follow(encoded.code));
      EXPECT_TRUE(torch::equal(decoded.image, encoded.image));
      EXPECT_TRUE(torch::equal(decoded.code, encoded.code));
    }
}

TEST(Network, ASampleDoesNotDependOnItsBatch) {
  torch::NoGradGuard no_grad;
  for (const auto& network : both_networks()) {
    const Generated all = network->run(7, at_random(sample_seeds(20, 7)));
    const Generated one = network->run(1, at_random(sample_seeds(24, 1)));
    EXPECT_TRUE(torch::equal(one.code[0], all.code[4]));
    EXPECT_TRUE(torch::allclose(one.image[0], all.image[4], 1e-5, 1e-5));
  }
}

TEST(Network, RowsMayMultiplyOnTheWay) {
  torch::NoGradGuard no_grad;
  for (const auto& network : both_networks()) {
    // The first layer sends its one row on under every node; each must equal a run that follows its code.
    const Chooser fan = [](const Candidates& candidates, int64_t layer) {
      if (layer == 0)
        return Choice{at::arange(candidates.count()), at::zeros({candidates.count()}, torch::kInt64), {}};
      return Choice{at::zeros({candidates.rows()}, torch::kInt64), {}, {}};
    };
    const Generated fanned = network->run(1, fan);
    EXPECT_EQ(fanned.image.size(0), 8);
    EXPECT_TRUE(torch::allclose(network->run(8, follow(fanned.code)).image, fanned.image, 1e-5, 1e-5));
  }
}

TEST(Pyramid, HasTheOfficialShapes) {
  // Golden: official parameter counts, reference table of configurations (backbone + nodes), CIFAR-10, 32
  // blocks, K 64.
  const Pyramid cifar(official_pyramid(32, 32, 64, 3));
  EXPECT_EQ(cifar.depth(), 63);
  EXPECT_EQ(parameters_of(cifar), 76291840);
  EXPECT_DOUBLE_EQ(cifar.latent_bits(), 378);
  const auto names = cifar.named_parameters();
  for (const char* name : {"block_1x1_0.block.norm0.weight", "block_2x2_0_up.block.skip.bias",
                           "block_32x32_31.ddo.multi_out_conv1x1.weight"})
    EXPECT_TRUE(names.contains(name)) << name;
  EXPECT_EQ(names["block_32x32_31.ddo.multi_out_conv1x1.weight"].sizes(), at::IntArrayRef({192, 128, 1, 1}));
}

TEST(Pyramid, WiderImagesFollowTheOfficialTable) {
  const PyramidOptions ffhq = official_pyramid(64, 64, 512, 3);
  EXPECT_EQ(ffhq.widths, std::vector<int64_t>({256, 256, 256, 256, 256, 256, 128}));
  EXPECT_EQ(ffhq.candidates, std::vector<int64_t>({512, 512, 512, 512, 512, 512, 256}));
  EXPECT_EQ(ffhq.layers, std::vector<int64_t>({1, 2, 4, 8, 16, 32, 64}));
}

TEST(Pyramid, UpsamplingIsNearestThenConvolution) {
  torch::manual_seed(5);
  ResidualBlock block(8, 12, true, 0.0);
  torch::NoGradGuard no_grad;
  block->conv1->weight.normal_();
  const Tensor x = torch::randn({2, 8, 3, 3});
  const Tensor twice = x.repeat_interleave(2, 2).repeat_interleave(2, 3);
  const Tensor normal = block->norm0->forward(x).repeat_interleave(2, 2).repeat_interleave(2, 3);
  const Tensor y = block->conv1->forward(block->norm1->forward(block->conv0->forward(normal)));
  const Tensor expected = (y + at::conv2d(twice, block->skip->weight, block->skip->bias)) * std::sqrt(0.5);
  EXPECT_TRUE(torch::allclose(block->forward(x), expected, 1e-4, 1e-4));
}

TEST(Pyramid, DropsWhatTheSeedSaysAndNothingWithoutOne) {
  PyramidOptions options;
  options.widths = {16, 16, 16, 16};
  options.layers = {1, 1, 2, 2};
  options.candidates = {8};
  const Tensor code = torch::zeros({3, 6}, torch::kInt64);
  torch::NoGradGuard no_grad;
  const auto image = [&](double dropout, const DropoutSeed& seed) {
    torch::manual_seed(5);
    options.dropout = dropout;
    const Pyramid network(options);
    for (Tensor& parameter : network.parameters()) parameter.add_(0.1);
    Forwarding how;
    how.dropout_seed = seed;
    return network.run(3, follow(code), {}, {}, how).image;
  };
  EXPECT_TRUE(torch::equal(image(0.5, {}), image(0, {})));
  EXPECT_TRUE(torch::equal(image(0, 1), image(0, {})));
  EXPECT_TRUE(torch::equal(image(0.5, 1), image(0.5, 1)));
  EXPECT_FALSE(torch::allclose(image(0.5, 1), image(0.5, {})));
  EXPECT_FALSE(torch::allclose(image(0.5, 1), image(0.5, 2)));
}

TEST(Network, ARunMayAskForAnotherNumberType) {
  torch::NoGradGuard no_grad;
  for (const auto& network : {small_pyramid(), small_recurrent()}) {
    const Tensor code = torch::zeros({3, network->depth()}, torch::kInt64);
    Forwarding how;
    how.compute_type = torch::kBFloat16;
    const Tensor half = network->run(3, follow(code), {}, {}, how).image;
    EXPECT_FALSE(torch::equal(network->run(3, follow(code)).image, half));
    network->set_compute_type(torch::kBFloat16);
    EXPECT_TRUE(torch::equal(network->run(3, follow(code)).image, half));
  }
}

TEST(Pyramid, ImpossibleOptionsAreRefused) {
  PyramidOptions options;
  options.layers = {1, 1};
  EXPECT_THROW(Pyramid{options}, Error);
  options = PyramidOptions();
  options.candidates = {8, 8};
  EXPECT_THROW(Pyramid{options}, Error);
  options = PyramidOptions();
  options.start_size = 3;
  EXPECT_THROW(Pyramid{options}, Error);
}

TEST(Pyramid, MayStartLargerThanOnePixel) {
  torch::NoGradGuard no_grad;
  PyramidOptions options;
  options.start_size = 4;
  options.widths = {16, 16};
  options.layers = {2, 2};
  options.candidates = {4};
  const Pyramid pyramid(options);
  EXPECT_EQ(pyramid.image_size(), 8);
  EXPECT_EQ(pyramid.run(2, at_random(sample_seeds(0, 2)), {}).image.sizes(), at::IntArrayRef({2, 1, 8, 8}));
  options.start_features = "sines";
  EXPECT_THROW(Pyramid{options}, Error);
}

// What a chooser sees of the features that a pyramid of one plain layer begins with: its blocks let them
// through, its nodes are the channels of the first half, its leak those of the second.
Tensor begun_with(const std::string& features, int64_t channels, int64_t size) {
  torch::NoGradGuard no_grad;
  PyramidOptions options;
  options.start_size = size, options.start_features = features;
  options.widths = {channels}, options.layers = {1}, options.candidates = {channels / 2};
  Pyramid pyramid(options);
  for (auto& item : pyramid.named_parameters())
    if (item.key().find("conv1.weight") != std::string::npos) item.value().zero_();
  const Layer nodes = pyramid.layers()[0];
  nodes->multi_out_conv1x1->weight.copy_(at::eye(channels / 2).unsqueeze(2).unsqueeze(3));
  std::vector<Tensor> all(static_cast<size_t>(channels));
  for (int64_t k = 0; k < channels / 2; ++k) {
    pyramid.run(1, [&](const Candidates& candidates, int64_t) {
      const Tensor index = at::full({1}, k, torch::kInt64);
      const Chosen chosen = candidates.at(index);
      all[k] = chosen.image[0][0], all[channels / 2 + k] = chosen.leak[0][0];
      return Choice{index, {}, {}};
    });
  }
  return at::stack(all) * std::sqrt(2.0);
}

// The features of a larger start, stated a second time, place by place.
Tensor plain_start(int64_t channels, int64_t size) {
  const int64_t n = size * size;
  Tensor features = at::zeros({channels, n}, torch::kFloat64);
  for (int64_t d = 0; d < channels; ++d) {
    const auto a = [&](int64_t i) {
      return std::sin(static_cast<double>(i) * std::pow(10000, -2.0 * static_cast<double>(d) / channels));
    };
    for (int64_t i = 0; i < n; i += 2) features[d][i] = a(i);
    features[d][1] = std::cos(a(0));
    for (int64_t k = 1; k < n / 2; ++k) features[d][n + 1 - 2 * k] = std::cos(a(2 * k));
  }
  features = features.view({channels, size, size}).clone();
  const Tensor ramp = at::linspace(-1, 1, n, torch::kFloat64).view({size, size});
  for (int64_t turn = 0; turn < 4; ++turn) features[channels - 4 + turn] += at::rot90(ramp, turn, {0, 1});
  return features.to(torch::kFloat32);
}

TEST(Pyramid, ALargerStartBeginsWithSinesAndCosinesOfSines) {
  for (const int64_t size : {2, 4, 8})
    for (const int64_t channels : {4, 12})
      EXPECT_TRUE(
          torch::allclose(begun_with("official", channels, size), plain_start(channels, size), 1e-5, 1e-5))
          << size << " " << channels;
  // Golden: place 1 of a 2x2 start is cos(sin 0) = 1, place 3 is cos(sin 2), by hand, before the ramps.
  const Tensor first = begun_with("official", 12, 2)[0];
  EXPECT_NEAR(first[0][1].item<double>(), 1, 1e-6);
  EXPECT_NEAR(first[1][0].item<double>(), std::sin(2), 1e-6);
  EXPECT_NEAR(first[1][1].item<double>(), std::cos(std::sin(2)), 1e-6);
  // What networks of before began with is kept under its own word.
  const Tensor before = begun_with("plain", 12, 2)[0];
  EXPECT_NEAR(before[0][1].item<double>(), std::cos(1), 1e-6);
  EXPECT_NEAR(before[1][1].item<double>(), std::cos(3), 1e-6);
}

TEST(Recurrent, HasTheOfficialParameters) {
  // Golden: 3,149,415 trainable parameters at base 32, K 64; 3,148,519 at K 8.
  EXPECT_EQ(parameters_of(Recurrent(RecurrentOptions())), 3149415);
  RecurrentOptions eight;
  eight.candidates = 8;
  const Recurrent network(eight);
  EXPECT_EQ(parameters_of(network), 3148519);
  const auto names = network.named_parameters();
  const std::vector<std::pair<std::string, std::vector<int64_t>>> expected = {
      {"class_embed.weight", {10, 100}},
      {"te1.0.weight", {1, 100}},
      {"te_mid.2.weight", {128, 128}},
      {"b1.0.ln.weight", {1, 32, 32}},
      {"b1.2.conv1.weight", {32, 32, 3, 3}},
      {"down1.weight", {32, 32, 4, 4}},
      {"up1.weight", {128, 128, 4, 4}},
      {"b4.0.conv1.weight", {128, 256, 3, 3}},
      {"b1_previous_last.0.ln.bias", {32, 32, 32}},
      {"b1_leak_choice.0.conv1.weight", {32, 1, 3, 3}},
      {"ddo.multi_out_conv1x1.weight", {8, 16, 1, 1}}};
  for (const auto& [name, shape] : expected) {
    ASSERT_TRUE(names.contains("ddn_seqen.0." + name)) << name;
    EXPECT_EQ(names["ddn_seqen.0." + name].sizes(), at::IntArrayRef(shape)) << name;
  }
}

TEST(Recurrent, SharesItsNodesAmongAllApplications) {
  const auto network = small_recurrent();
  EXPECT_EQ(network->depth(), 4);
  EXPECT_EQ(network->layers().size(), 1u);
  EXPECT_DOUBLE_EQ(network->latent_bits(), 12);
}

}  // namespace
}  // namespace steer
