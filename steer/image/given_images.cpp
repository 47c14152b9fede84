#include "steer/image/given_images.h"

#include <algorithm>
#include <utility>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/objectives/arguments.h"
#include "steer/picture/images.h"

namespace steer {
namespace {

std::string height_by_width(int64_t height, int64_t width) {
  return joined(height, "x", width);
}

// An image [1, C, h, w] of any size at the sample's size. `also` names another size that is taken.
Tensor image_of_size(Tensor image, const std::string& path, const std::string& fit, const MapSizes& sizes,
                     const std::string& also) {
  STEER_CHECK(fit.empty() || fit == "resize" || fit == "pad",
              "[objective] expected fit as resize or pad but got ", fit);
  const int64_t height = image.size(2), width = image.size(3);
  if (height == sizes.height && width == sizes.width) return image;
  const std::string wrong =
      joined("[objective] ", path, ": expected an image of size ", height_by_width(sizes.height, sizes.width),
             also, " (height x width) but got ", height_by_width(height, width));
  if (fit == "resize") {
    image = area_resize(image, std::min(height, sizes.height), std::min(width, sizes.width));
    return at::upsample_bilinear2d(image, {sizes.height, sizes.width}, false);
  }
  STEER_CHECK(fit == "pad", wrong, "; fit=resize or fit=pad takes other sizes");
  STEER_CHECK(height <= sizes.height && width <= sizes.width, wrong, ", too large for fit=pad");
  Tensor padded = at::full({1, image.size(1), sizes.height, sizes.width}, -1.0);
  padded.narrow(2, (sizes.height - height) / 2, height)
      .narrow(3, (sizes.width - width) / 2, width)
      .copy_(image);
  return padded;
}

std::string fit_of(const Arguments& arguments, const ObjectiveContext& context) {
  return arguments.has("fit") ? arguments.text("fit") : context.fit;
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
  given.images = read_image(path, sizes.channels).unsqueeze(0);
  const int64_t low_height = sizes.height / factor, low_width = sizes.width / factor;
  given.low = factor > 1 && given.images.size(2) == low_height && given.images.size(3) == low_width;
  if (!given.low) {
    const std::string also = factor > 1 ? " or " + height_by_width(low_height, low_width) : "";
    given.images = image_of_size(given.images, path, fit_of(arguments, context), sizes, also);
  }
  given.images = given.images.to(context.device);
  return given;
}

GivenPainting given_painting(const Arguments& arguments, const ObjectiveContext& context) {
  const MapSizes sizes = map_sizes(context.space);
  check_readable(sizes);
  const std::string path = arguments.text("image");
  const LayeredImage read = read_image_alpha(path, sizes.channels);
  // Alpha goes through the same fit; a border that is added is transparent.
  const Tensor layers = image_of_size(at::cat({read.image, read.alpha * 2 - 1}).unsqueeze(0), path,
                                      fit_of(arguments, context), sizes, "")
                            .to(context.device);
  return {layers.narrow(1, 0, sizes.channels), ((layers.narrow(1, sizes.channels, 1) + 1) / 2).clamp(0, 1)};
}

Parameter image_parameter(const std::string& meaning) {
  return positional(sample_parameter("image", meaning));
}

Parameter fit_parameter() {
  return optional(choice_parameter("fit", {"resize", "pad"},
                                   "brings an image of another size to the sample's: stretched, or black "
                                   "around it; without it, as --fit says"));
}

}  // namespace steer
