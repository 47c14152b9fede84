// The images that an objective's words name.
#pragma once

#include <string>

#include "steer/image/image_space.h"
#include "steer/objectives/context.h"
#include "steer/objectives/vocabulary.h"

namespace steer {

using torch::Tensor;

// What an image argument gave: pictures of the sample's size, or of 1/factor of it.
struct GivenImages {
  Tensor images;           // [T, C, H, W] in [-1, 1], on the context's device
  bool low = false;        // they have 1/factor of height and width
  bool from_file = false;  // the words named a file
};

// The file that the argument `image` names, or the data set's images where it is left out. With a factor a
// file may have 1/factor of height and width. Error for a file of another size without a fit, and where
// neither a file nor a data set's image is there.
GivenImages given_images(const Arguments& arguments, const ObjectiveContext& context, int64_t factor = 1);

// A painting and where it is opaque, from the argument `image`: colours [1, C, H, W] in [-1, 1] and
// alpha [1, 1, H, W] in [0, 1]. A border that a fit adds is transparent.
struct GivenPainting {
  Tensor colours;  // [1, C, H, W]
  Tensor alpha;    // [1, 1, H, W]
};

// What the argument `image` names. Error where it cannot be read or has another size without a fit.
GivenPainting given_painting(const Arguments& arguments, const ObjectiveContext& context);

// The mask that the words name (masks.h); one from a picture is brought to size as the images are.
Tensor given_mask(const std::string& words, const Arguments& arguments, const ObjectiveContext& context);

// The argument `image` of a word, and `fit`, which brings a file of another size to the sample's.
Parameter image_parameter(const std::string& meaning);
Parameter fit_parameter();

}  // namespace steer
