// Images of files at the size of a sample.
#pragma once

#include <torch/types.h>

#include <string>

#include "steer/data/fit_words.h"
#include "steer/picture/colour.h"

namespace steer {

using torch::Tensor;

// White, where the words name no colour.
Colour background_of(const FitWords& words);

// Planes uint8 [C, h, w] that `path` held, as float32 [1, C, height, width] in [0, 255] that are not rounded.
// Another size is brought to this one as `fit` says (picture/fit.h), or refused where it is empty; `also`
// names another size that the caller takes.
Tensor at_size(const Tensor& planes, const std::string& path, const std::string& fit, int64_t height,
               int64_t width, const std::string& also = "");

}  // namespace steer
