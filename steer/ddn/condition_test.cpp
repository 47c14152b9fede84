#include "steer/ddn/condition.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/ddn/beam.h"
#include "steer/ddn/chooser.h"
#include "steer/ddn/loss.h"
#include "steer/ddn/small_networks.h"
#include "steer/ddn/tree.h"

namespace steer {
namespace {

ConditionOptions of_type(const std::string& type) {
  ConditionOptions options;
  options.type = type;
  options.size = 2;
  return options;
}

// A pyramid of 8x8 images whose condition matters from the start.
std::shared_ptr<Network> conditional_pyramid(const ConditionOptions& condition, int64_t image_channels = 1) {
  torch::manual_seed(21);
  PyramidOptions options;
  options.widths = {16, 16, 16, 16};
  options.layers = {1, 1, 2, 2};
  options.candidates = {8};
  options.image_channels = image_channels;
  auto network = std::make_shared<Pyramid>(options, condition);
  torch::NoGradGuard no_grad;
  for (auto& item : network->named_parameters())
    if (item.key().find("conv1.weight") != std::string::npos && item.value().dim() == 4)
      item.value().add_(torch::randn_like(item.value()) * 0.05);
  return network;
}

TEST(Condition, ClassesAreBaseFourDigits) {
  // Golden: reference section 4.
  const float third = 1.0f / 3;
  const Tensor digits = class_digits(torch::tensor({0, 1, 5, 9}), 10);
  const Tensor expected = torch::tensor({0.f, 0.f, -1.f, -third, -third, -third, third, -third}).view({4, 2});
  EXPECT_TRUE(torch::allclose(digits, expected)) << digits;
  EXPECT_TRUE(
      torch::allclose(class_digits(torch::tensor({1, 3}), 4), torch::tensor({-third, 1.f}).view({2, 1})));
}

TEST(Condition, ChannelsHoldAllClasses) {
  for (const auto& [classes, channels] : std::vector<std::pair<int64_t, int64_t>>{
           {2, 1}, {4, 1}, {5, 2}, {10, 2}, {16, 2}, {17, 3}, {1000, 5}}) {
    ConditionOptions options = of_type("class");
    options.classes = classes;
    EXPECT_EQ(condition_channels(options, 3), channels) << classes;
    const Tensor digits = class_digits(torch::arange(1, classes), classes);
    EXPECT_EQ(std::get<0>(at::unique_dim(digits, 0)).size(0), classes - 1);
  }
  EXPECT_EQ(condition_channels(of_type("none"), 3), 0);
  EXPECT_EQ(condition_channels(of_type("colour"), 3), 1);
  EXPECT_EQ(condition_channels(of_type("resize"), 3), 3);
}

TEST(Condition, OneHotClassesHaveAChannelEach) {
  ConditionOptions options = of_type("class");
  options.encoding = "one_hot";
  EXPECT_EQ(condition_channels(options, 1), 10);
  const Tensor maps = make_condition(options, torch::tensor({3, 0}), {}).maps;
  EXPECT_EQ(maps.sizes(), at::IntArrayRef({2, 10, 1, 1}));
  EXPECT_EQ(maps[0][3].item<float>() + maps[1][0].item<float>(), 2);
  EXPECT_EQ(maps.sum().item<float>(), 2);
  options.encoding = "binary";
  EXPECT_THROW(check(options), Error);
}

TEST(Condition, GreysAreTheMeanInUseAndAConvexMixInTraining) {
  const Tensor x = torch::rand({2, 3, 4, 4}) * 2 - 1;
  const ConditionOptions colour = of_type("colour");
  EXPECT_TRUE(torch::allclose(make_condition(colour, {}, x).maps, x.mean(1, true)));
  const Tensor mix = make_training_condition(colour, {}, x, 5).maps;
  EXPECT_TRUE(torch::equal(mix, make_training_condition(colour, {}, x, 5).maps));
  EXPECT_FALSE(torch::allclose(mix, make_training_condition(colour, {}, x, 6).maps));
  EXPECT_TRUE((mix <= x.amax({1}, true) + 1e-6).all().item<bool>());
  EXPECT_TRUE((mix >= x.amin({1}, true) - 1e-6).all().item<bool>());
  // A grey image has no other grey.
  const Tensor grey = x.narrow(1, 0, 1);
  EXPECT_TRUE(torch::allclose(make_training_condition(colour, {}, grey, 7).maps, grey));
}

TEST(Condition, EdgesStandWhereTheSobelGradientIsSteep) {
  // A step of 0.4 between two columns has magnitude 4 x 0.4 = 1.6 at both; one of 0.1 only 0.4.
  Tensor x = torch::zeros({1, 1, 5, 8});
  x.narrow(3, 4, 4).fill_(0.4);
  const Tensor edges = edge_map(x, 0.75);
  EXPECT_EQ(edges.sizes(), at::IntArrayRef({1, 1, 3, 6}));
  const Tensor row = torch::tensor({-1.f, -1.f, 1.f, 1.f, -1.f, -1.f});
  EXPECT_TRUE(torch::equal(edges, row.expand({1, 1, 3, 6}))) << edges;
  EXPECT_EQ(edge_map(x * 0.25, 0.75).max().item<float>(), -1);
  EXPECT_EQ(edge_map(x.transpose(2, 3) * 2.5, 3.9).max().item<float>(), 1);
  // 0.9 is above every threshold that training draws out of 0.5 to 1, 0.4 below.
  const ConditionOptions edge = of_type("edge");
  for (uint64_t seed = 0; seed < 8; ++seed) {
    EXPECT_TRUE(torch::equal(make_training_condition(edge, {}, x, seed).maps, edges));
    EXPECT_EQ(make_training_condition(edge, {}, x * 0.25, seed).maps.max().item<float>(), -1);
  }
}

TEST(Condition, ResizeKeepsTheSmallImageAlone) {
  const Tensor x = torch::rand({2, 3, 8, 8});
  const Tensor maps = make_condition(of_type("resize"), {}, x).maps;
  EXPECT_EQ(maps.sizes(), x.sizes());
  const Tensor again = at::upsample_bilinear2d(at::adaptive_avg_pool2d(x, {2, 2}), {8, 8}, false);
  EXPECT_TRUE(torch::allclose(maps, again));
}

TEST(Condition, WhatIsMissingOrWrongIsRefused) {
  EXPECT_THROW(make_condition(of_type("class"), {}, torch::zeros({1, 1, 8, 8})), Error);
  EXPECT_THROW(make_condition(of_type("class"), torch::tensor({10}), {}), Error);
  EXPECT_THROW(make_condition(of_type("class"), torch::tensor({-1}), {}), Error);
  for (const char* type : {"colour", "edge", "resize"})
    EXPECT_THROW(make_condition(of_type(type), torch::tensor({1}), {}), Error);
  EXPECT_THROW(check(of_type("sketch")), Error);
  ConditionOptions options = of_type("class");
  options.classes = 1;
  EXPECT_THROW(check(options), Error);
  EXPECT_THROW(Recurrent(RecurrentOptions(), of_type("colour")), Error);
  options.classes = 11;
  EXPECT_THROW(Recurrent(RecurrentOptions(), options), Error);
  const auto network = conditional_pyramid(of_type("class"));
  const Condition told = make_condition(of_type("class"), torch::tensor({1, 2}), {});
  const Chooser first = [](const Candidates& candidates, int64_t) {
    return Choice{torch::zeros({candidates.rows()}, torch::kInt64), {}, {}};
  };
  EXPECT_THROW(network->run(2, first), Error);
  EXPECT_THROW(network->run(3, first, {}, told), Error);
  EXPECT_THROW(small_pyramid()->run(2, first, {}, told), Error);
}

TEST(Condition, EntersTheCentreChannelsWithoutAGradient) {
  const Tensor h = torch::randn({2, 8, 3, 3}).requires_grad_();
  const Tensor image = torch::randn({2, 1, 3, 3}), told = torch::randn({2, 3, 3, 3});
  const Tensor out = reenter(h, image, {}, told);
  // c/2 - condC/2 = 3.
  const Tensor expected =
      h + at::cat({image, torch::zeros({2, 2, 3, 3}), told, torch::zeros({2, 2, 3, 3})}, 1);
  EXPECT_TRUE(torch::allclose(out, expected));
  out.sum().backward();
  EXPECT_TRUE(torch::equal(h.grad(), torch::ones_like(h)));
  EXPECT_TRUE(torch::allclose(reenter(h, {}, {}, told).narrow(1, 3, 3), h.narrow(1, 3, 3) + told));
}

TEST(Condition, AddsNoParameters) {
  const auto plain = small_pyramid(3), told = conditional_pyramid(of_type("resize"), 3);
  EXPECT_EQ(plain->named_parameters().keys(), told->named_parameters().keys());
  EXPECT_EQ(plain->named_buffers().keys(), told->named_buffers().keys());
}

TEST(Condition, ChangesWhatACodeMeans) {
  torch::NoGradGuard no_grad;
  const Tensor x = torch::rand({2, 1, 8, 8}) * 2 - 1;
  for (const char* type : {"class", "colour", "edge", "resize"})
    for (bool everywhere : {false, true}) {
      ConditionOptions options = of_type(type);
      options.everywhere = everywhere;
      const auto network = conditional_pyramid(options);
      const Tensor code = torch::zeros({2, 6}, torch::kInt64);
      const Tensor label = torch::tensor({3, 6});
      const Condition told = make_condition(options, label, x);
      const Tensor images = network->run(2, follow(code), {}, told).image;
      EXPECT_GT((images[0] - images[1]).abs().max().item<double>(), 1e-3) << type;
      // Each row is told its own.
      const Tensor one = network->run(1, follow(code.narrow(0, 1, 1)), {}, told.at(torch::tensor({1}))).image;
      EXPECT_TRUE(torch::allclose(one[0], images[1], 1e-5, 1e-5)) << type;
    }
}

// The sizes at which features change when they are told something, layer by layer.
std::vector<int64_t> told_sizes(const std::vector<int64_t>& layers, bool every_scale) {
  torch::NoGradGuard no_grad;
  torch::manual_seed(22);
  PyramidOptions options;
  options.widths.assign(layers.size(), 8), options.layers = layers, options.candidates = {2};
  ConditionOptions told = of_type("class");
  told.every_scale = every_scale;
  const Pyramid plain(options), conditional(options, told);
  // Candidates are the same until the condition enters, and its last entry changes those behind it alone: a
  // condition that changes from layer to layer tells where it is looked at.
  std::vector<int64_t> sizes;
  int64_t layer = 0;
  for (const LayerShape& shape : conditional.shapes()) {
    Condition condition = make_condition(told, torch::tensor({3}), {});
    Tensor& maps = condition.maps;
    std::vector<Tensor> seen;
    for (const bool change : {false, true}) {
      conditional.run(
          1,
          [&](const Candidates& candidates, int64_t at) {
            // Changed in place just before the layer looks at it, and back behind it.
            if (change && at == layer - 1) maps += 1;
            if (at == layer) seen.push_back(candidates.images());
            if (change && at == layer && layer > 0) maps -= 1;
            return Choice{torch::zeros({candidates.rows()}, torch::kInt64), {}, {}};
          },
          {}, condition);
    }
    // The first layer looks before any chooser is asked.
    if (layer == 0 || !torch::equal(seen[0], seen[1])) sizes.push_back(shape.size);
    ++layer;
  }
  return sizes;
}

TEST(Condition, EntersOncePerResolutionAndWhereAScaleHasOneLayerAtTheNext) {
  // By the size of the layer that is told: the upsampling one sees half of its own.
  using Sizes = std::vector<int64_t>;
  EXPECT_EQ(told_sizes({1, 2, 3}, true), (Sizes{1, 2, 4}));
  EXPECT_EQ(told_sizes({1, 2, 3}, false), (Sizes{1, 2, 4}));
  EXPECT_EQ(told_sizes({1, 1, 1, 1}, true), (Sizes{1, 4, 8}));
  EXPECT_EQ(told_sizes({1, 1, 2, 1}, true), (Sizes{1, 4, 4}));
  EXPECT_EQ(told_sizes({2, 1, 1, 2}, true), (Sizes{1, 4, 8, 8}));
  // Networks made before there was the option.
  EXPECT_EQ(told_sizes({1, 1, 1, 1}, false), (Sizes{1}));
  EXPECT_EQ(told_sizes({1, 1, 2, 1}, false), (Sizes{1, 4}));
}

TEST(Condition, FollowsItsRowThroughABeamSearch) {
  torch::NoGradGuard no_grad;
  torch::manual_seed(3);
  for (bool recurrent : {false, true}) {
    const ConditionOptions options = of_type("class");
    std::shared_ptr<Network> network = conditional_pyramid(options);
    if (recurrent) {
      RecurrentOptions shape;
      shape.size = 16, shape.base = 8, shape.candidates = 8, shape.repeats = 3;
      network = std::make_shared<Recurrent>(shape, options);
    }
    const Tensor x = some_images(*network, 3), label = torch::tensor({2, 7, 4});
    const Condition told = make_condition(options, label, {});
    const Generated found =
        network->run(3, beam_search(nearness_to(x), {3, 5, 2, network->depth()}), {}, told);
    const Condition both = told.at(torch::tensor({0, 0, 1, 1, 2, 2}));
    const Tensor decoded = network->run(6, follow(found.code), {}, both).image;
    EXPECT_TRUE(torch::allclose(decoded, found.image, 1e-4, 1e-4));
  }
}

TEST(Condition, TheRecurrentNetworkTakesTheLabelsRow) {
  torch::NoGradGuard no_grad;
  torch::manual_seed(4);
  RecurrentOptions shape;
  shape.size = 16, shape.base = 8, shape.candidates = 8, shape.repeats = 2;
  Recurrent plain(shape), told(shape, of_type("class"));
  auto from = plain.named_parameters();
  for (auto& item : told.named_parameters()) item.value().copy_(from[item.key()]);
  const Tensor code = torch::tensor({{1, 2}, {1, 2}});
  const Tensor images =
      told.run(2, follow(code), {}, make_condition(of_type("class"), torch::tensor({0, 4}), {})).image;
  const Tensor unconditional = plain.run(1, follow(code.narrow(0, 0, 1))).image;
  EXPECT_TRUE(torch::allclose(images[0], unconditional[0], 1e-5, 1e-5));
  EXPECT_GT((images[1] - images[0]).abs().max().item<double>(), 1e-3);
}

TEST(Condition, ATreeIsToldOneRow) {
  const auto network = conditional_pyramid(of_type("class"));
  const Condition three = make_condition(of_type("class"), torch::tensor({3}), {});
  const Condition six = make_condition(of_type("class"), torch::tensor({6}), {});
  const Tensor a = prefix_tree(*network, 2, 4096, three).images[1],
               b = prefix_tree(*network, 2, 4096, six).images[1];
  EXPECT_EQ(a.size(0), 64);
  EXPECT_FALSE(torch::allclose(a, b));
}

}  // namespace
}  // namespace steer
