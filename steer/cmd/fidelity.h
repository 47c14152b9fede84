// How far samples are from a data set, by the features of a network.
#pragma once

#include "steer/cmd/command.h"

namespace steer {

struct Fidelity {
  Json figures;
  std::string text;
};

// Compares samples [N, C, H, W] with as many images of the data set's `split` and, for a scale, these with as
// many of the other split: Frechet distance, kernel distance, precision and recall. `features` as
// load_features.
Fidelity fidelity(const std::string& features, const torch::Tensor& samples, const std::string& data,
                  const std::string& split, const std::string& fit, const ImageShape& shape,
                  torch::Device device);

}  // namespace steer
