// A trained classifier out of a file, ours or another's, as one function.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>

namespace steer {

using torch::Tensor;

struct SavedClassifier {
  std::function<Tensor(const Tensor&)> network;  // images of the size and channels below -> logits [N, M]
  int64_t channels = 0;                          // of its input; 0: any
  int64_t size = 0;                              // height and width of its input; 0: any
  std::string path;

  // Logits [N, M] float32 of x [N, C, H, W] in [-1, 1]. Images of another size are resized (by area where
  // they shrink, repeated pixels where they grow by a whole factor, else bilinearly); grey images are
  // repeated in colour, colour ones averaged to grey. Differentiable in x.
  Tensor operator()(const Tensor& x) const;
};

// The classifier in a run folder, a checkpoint file of the family "classifier", or a TorchScript file whose
// forward gives logits [N, M] of images [N, C, H, W] in [-1, 1] and which may declare whole numbers `size`
// and `channels`. In evaluation mode, in float32, its weights without gradient. Error where there is nothing,
// or anything else.
SavedClassifier load_classifier(const std::string& path, torch::Device device);

}  // namespace steer
