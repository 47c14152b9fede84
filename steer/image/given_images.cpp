#include "steer/image/given_images.h"

#include <algorithm>
#include <utility>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/data/fit_words.h"
#include "steer/image/masks.h"
#include "steer/image/sized_image.h"
#include "steer/objectives/arguments.h"
#include "steer/picture/images.h"

namespace steer {
namespace {

// What the words say of other sizes, else what the context says, whose background counts in both.
FitWords fit_of(const Arguments& arguments, const ObjectiveContext& context) {
  FitWords words = fit_words(context.fit);
  if (arguments.has("fit")) words.fit = arguments.text("fit");
  return words;
}

// Values of bytes, [0, 255], in [-1, 1].
Tensor from_values(const Tensor& values) {
  return values / 127.5 - 1.0;
}

void check_readable(const MapSizes& sizes) {
  STEER_CHECK(sizes.channels == 1 || sizes.channels == 3,
              "[objective] an image gives samples of 1 or 3 channels, but these have ", sizes.channels);
}

}  // namespace

GivenImages given_images(const Arguments& arguments, const ObjectiveContext& context, int64_t factor) {
  GivenImages given;
  if (!arguments.has("image")) {
    STEER_CHECK(context.truth.defined(), arguments.where(), " needs an image, as in ", arguments.name(),
                "(photo.png, ...)");
    given.images = context.truth.to(context.device);
    return given;
  }
  const MapSizes sizes = map_sizes(context.space);
  check_readable(sizes);
  const std::string path = arguments.text("image");
  given.from_file = true;
  const FitWords fit = fit_of(arguments, context);
  const Tensor image = read_bytes(path, sizes.channels, background_of(fit));
  const int64_t low_height = sizes.height / factor, low_width = sizes.width / factor;
  given.low = factor > 1 && image.size(1) == low_height && image.size(2) == low_width;
  const std::string also = factor > 1 ? joined(" or ", low_height, "x", low_width) : "";
  given.images = (given.low ? from_bytes(image).unsqueeze(0)
                            : from_values(at_size(image, path, fit.fit, sizes.height, sizes.width, also)))
                     .to(context.device);
  return given;
}

GivenPainting given_painting(const Arguments& arguments, const ObjectiveContext& context) {
  const MapSizes sizes = map_sizes(context.space);
  check_readable(sizes);
  const std::string path = arguments.text("image");
  const LayeredImage read = read_layers(path, sizes.channels);
  const Tensor layers = at_size(at::cat({read.image, read.alpha}), path, fit_of(arguments, context).fit,
                                sizes.height, sizes.width)
                            .to(context.device);
  return {from_values(layers.narrow(1, 0, sizes.channels)), layers.narrow(1, sizes.channels, 1) / 255};
}

Tensor given_mask(const std::string& words, const Arguments& arguments, const ObjectiveContext& context) {
  const MapSizes sizes = map_sizes(context.space);
  const FitWords fit = fit_of(arguments, context);
  return make_mask(words, sizes.height, sizes.width, fit.fit, background_of(fit));
}

Parameter image_parameter(const std::string& meaning) {
  return positional(sample_parameter("image", meaning));
}

Parameter fit_parameter() {
  return optional(choice_parameter("fit", {"resize", "pad", "crop"},
                                   "brings an image of another size to the sample's: stretched, black "
                                   "around it, or its middle; without it, as --fit says"));
}

}  // namespace steer
