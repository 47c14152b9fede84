// PNG and JPEG pictures as tensors.
#pragma once

#include <torch/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "steer/picture/png_texts.h"

namespace steer {

using torch::Tensor;

// The longest side of a picture that is read.
constexpr int64_t kMaxSide = 16384;

// The picture that `bytes` hold as uint8 [C, H, W]; the first bytes tell PNG from JPEG. `channels`: 1 grey, 3
// colour, 0 as stored. 16-bit values are rounded to 8, palettes looked up, transparent pixels laid over
// black; colour profiles, gamma and orientation tags are ignored. `name` stands in errors. Throws for
// anything cut off or corrupt.
Tensor decode_bytes(std::string_view bytes, const std::string& name, int64_t channels);

// The same as float32 [C, H, W] in [-1, 1].
Tensor decode_image(std::string_view bytes, const std::string& name, int64_t channels);
Tensor read_image(const std::string& path, int64_t channels);

// A picture with how much of each pixel is painted, transparent pixels as they are stored.
struct LayeredImage {
  Tensor image;  // float32 [C, H, W] in [-1, 1]
  Tensor alpha;  // float32 [1, H, W] in [0, 1]; 1 everywhere where the file has no alpha
};

// As decode_image and read_image, and the alpha of the picture.
LayeredImage decode_image_alpha(std::string_view bytes, const std::string& name, int64_t channels);
LayeredImage read_image_alpha(const std::string& path, int64_t channels);

// A picture [C, H, W] in [-1, 1], C 1 or 3, as an 8-bit PNG, with texts that png_texts gives back.
std::string encode_png(const Tensor& picture, const std::vector<PngText>& texts = {});
void write_png(const std::string& path, const Tensor& picture, const std::vector<PngText>& texts = {});

// Whether a file of this name is taken for a picture: it ends in .png, .jpg or .jpeg, in any case.
bool is_image_name(std::string_view name);

}  // namespace steer
