#include "steer/image/sized_image.h"

#include "steer/core/check.h"
#include "steer/picture/fit.h"

namespace steer {

Colour background_of(const FitWords& words) {
  return words.background.empty() ? kWhite : colour_of(words.background);
}

Tensor at_size(const Tensor& planes, const std::string& path, const std::string& fit, int64_t height,
               int64_t width, const std::string& also) {
  const Tensor image = planes.unsqueeze(0);
  if (image.size(2) == height && image.size(3) == width) return image.to(torch::kFloat32);
  STEER_CHECK(!fit.empty(), "[image] ", path, ": expected an image of size ", height, "x", width, also,
              " (height x width) but got ", image.size(2), "x", image.size(3),
              "; fit resize, pad or crop takes other sizes");
  return fitted_exactly(image, height, width, fit);
}

}  // namespace steer
