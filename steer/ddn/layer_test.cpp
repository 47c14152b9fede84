#include "steer/ddn/layer.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"

namespace steer {
namespace {

TEST(Layer, ReenteringAddsIntoTheFirstAndLastChannels) {
  const Tensor h = torch::randn({2, 6, 3, 3}).requires_grad_();
  const Tensor image = torch::randn({2, 2, 3, 3}).requires_grad_(),
               leak = torch::randn({2, 2, 3, 3}).requires_grad_();
  const Tensor out = reenter(h, image, leak);
  const Tensor expected = h + at::cat({image, torch::zeros({2, 2, 3, 3}), leak}, 1);
  EXPECT_TRUE(torch::allclose(out, expected));
  const Tensor pull = torch::randn_like(out);
  (out * pull).sum().backward();
  EXPECT_TRUE(torch::equal(h.grad(), pull));
  EXPECT_TRUE(torch::equal(image.grad(), pull.narrow(1, 0, 2)));
  EXPECT_TRUE(torch::equal(leak.grad(), pull.narrow(1, 4, 2)));
  EXPECT_TRUE(reenter(h, {}, {}).is_same(h));
  EXPECT_TRUE(torch::equal(reenter(h, image, {}).narrow(1, 2, 4), h.narrow(1, 2, 4)));
}

TEST(Layer, StartsWithinTheBoundOfADefaultConvolution) {
  Layer layer(LayerOptions{32, 3, 40, true, true});
  EXPECT_EQ(layer->node_weights().sizes(), at::IntArrayRef({40, 3, 16}));
  EXPECT_LE(layer->node_weights().abs().max().item<double>(), 0.25);
  EXPECT_GT(layer->node_weights().abs().max().item<double>(), 0.24);
}

TEST(Layer, TheResidualBaseIsThePreviousImageBroughtToSize) {
  Layer layer(LayerOptions{8, 1, 4, true, true});
  const Tensor h = torch::zeros({1, 8, 4, 4}), previous = torch::randn({1, 1, 2, 2});
  const Tensor image = layer->candidates(h, previous).at(torch::zeros({1}, torch::kInt64)).image;
  EXPECT_TRUE(torch::allclose(image, at::upsample_bilinear2d(previous, {4, 4}, false)));
  Layer plain(LayerOptions{8, 1, 4, false, true});
  EXPECT_EQ(
      plain->candidates(h, previous).at(torch::zeros({1}, torch::kInt64)).image.abs().max().item<double>(),
      0);
}

TEST(Layer, ImpossibleShapesAreRefused) {
  EXPECT_THROW(Layer(LayerOptions{7, 1, 4, true, true}), Error);
  EXPECT_THROW(Layer(LayerOptions{4, 3, 4, true, true}), Error);
  EXPECT_THROW(Layer(LayerOptions{8, 1, 0, true, true}), Error);
}

}  // namespace
}  // namespace steer
