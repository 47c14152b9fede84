// PNG, JPEG and WebP pictures as tensors.
#pragma once

#include <torch/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "steer/picture/colour.h"
#include "steer/picture/png_texts.h"

namespace steer {

using torch::Tensor;

// The longest side and the most pixels of a picture that is read.
constexpr int64_t kMaxSide = 16384, kMaxPixels = int64_t{1} << 26;

// The picture that `bytes` hold, as a viewer shows it, as uint8 [C, H, W]; the first bytes tell PNG, JPEG and
// WebP apart. `channels`: 1 grey, 3 colour, 0 as stored. The rules:
//   - photos are turned upright by the orientation in their Exif data;
//   - what is transparent lies over the background;
//   - 16-bit values are rounded to 8, palettes looked up, CMYK becomes RGB by products of the light that inks
//     leave; colour profiles and gamma are ignored;
//   - of an animation it is the first frame: of an APNG the picture that programs without animation show.
// `name` stands in errors. Error for anything cut off or corrupt, and above kMaxSide or kMaxPixels before
// anything is decoded.
Tensor decode_bytes(std::string_view bytes, const std::string& name, int64_t channels,
                    const Colour& background = kWhite);

// The same of a file.
Tensor read_bytes(const std::string& path, int64_t channels, const Colour& background = kWhite);

// The same as float32 [C, H, W] in [-1, 1].
Tensor decode_image(std::string_view bytes, const std::string& name, int64_t channels,
                    const Colour& background = kWhite);

// The same of a file.
Tensor read_image(const std::string& path, int64_t channels, const Colour& background = kWhite);

// A picture with how much of each pixel is painted, transparent pixels as they are stored.
struct LayeredImage {
  Tensor image;  // uint8 [C, H, W]
  Tensor alpha;  // uint8 [1, H, W]; 255 everywhere where the file has no alpha
};

// As decode_bytes and read_bytes, and the alpha of the picture.
LayeredImage decode_layers(std::string_view bytes, const std::string& name, int64_t channels);
LayeredImage read_layers(const std::string& path, int64_t channels);

// A picture [C, H, W] in [-1, 1], C 1 or 3, as an 8-bit PNG, with texts that png_texts gives back.
std::string encode_png(const Tensor& picture, const std::vector<PngText>& texts = {});
void write_png(const std::string& path, const Tensor& picture, const std::vector<PngText>& texts = {});

// Whether a file of this name is taken for a picture: it ends in .png, .jpg, .jpeg or
// .webp, in any case.
bool is_image_name(std::string_view name);

}  // namespace steer
