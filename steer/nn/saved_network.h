// A trained network of images out of a file, ours or another's, as one function.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "steer/core/class_names.h"

namespace steer {

using torch::Tensor;

// A network and the images that it takes.
struct SavedNetwork {
  std::function<Tensor(const Tensor&)> network;  // images of the size and channels below -> rows [N, M]
  int64_t channels = 0;                          // of its input; 0: any
  int64_t size = 0;                              // height and width of its input; 0: any
  std::string path;                              // the file, for errors
  ClassNames class_names = {};                   // of the columns, where the file says them

  // Rows [N, M] float32, logits or features, of x [N, C, H, W] in [-1, 1]. Images of another size are resized
  // (by area where they shrink, repeated pixels where they grow by a whole factor, else bilinearly); grey
  // images are repeated in colour, colour ones averaged to grey. Differentiable in x.
  Tensor operator()(const Tensor& x) const;
};

// The classifier in a run folder, a checkpoint file of the family "classifier" or the name of one that ships
// with the program (core/shipped.h), or a TorchScript file whose
// forward gives logits [N, M] of images [N, C, H, W] in [-1, 1] and which may declare whole numbers `size`
// and `channels`. In float32, without dropout, its weights without gradient. Error where there is nothing, or
// anything else.
SavedNetwork load_classifier(const std::string& path, torch::Device device);

// The same files as a map to features [N, D], in which distances of images mean something: what a classifier
// of ours feeds its last layer; of a TorchScript file what its forward gives, flattened.
SavedNetwork load_features(const std::string& path, torch::Device device);

}  // namespace steer
