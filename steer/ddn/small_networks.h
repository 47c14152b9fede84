// Small networks and random inputs for the tests of this folder.
#pragma once

#include "steer/ddn/pyramid.h"
#include "steer/ddn/recurrent.h"

namespace steer {

// 8x8 images, 6 layers, with values that make its layers matter from the start.
inline std::shared_ptr<Network> small_pyramid(int64_t image_channels = 1, int64_t candidates = 8) {
  torch::manual_seed(11);
  PyramidOptions options;
  options.widths = {16, 16, 16, 16};
  options.layers = {1, 1, 2, 2};
  options.candidates = {candidates};
  options.image_channels = image_channels;
  return std::make_shared<Pyramid>(options);
}

// 16x16 images, 4 applications.
inline std::shared_ptr<Network> small_recurrent() {
  torch::manual_seed(12);
  RecurrentOptions options;
  options.size = 16;
  options.base = 8;
  options.candidates = 8;
  options.repeats = 4;
  return std::make_shared<Recurrent>(options);
}

// Uniform noise in the shape of the network's images.
inline Tensor some_images(const Network& network, int64_t count) {
  return torch::rand({count, network.image_channels(), network.image_size(), network.image_size()}) * 2 - 1;
}

}  // namespace steer
