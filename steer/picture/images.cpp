#include "steer/picture/images.h"

#include <algorithm>
#include <utility>

#include <png.h>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/tensors.h"
#include "steer/picture/decoders.h"
#include "steer/picture/fit.h"
#include "steer/picture/orientation.h"

namespace steer {
namespace {

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// All planes of a picture as a viewer shows it: one or three of colour, and alpha where there is one.
Tensor decode_planes(std::string_view bytes, const std::string& name) {
  const bool png = starts_with(bytes, "\x89PNG\r\n\x1a\n"), jpeg = starts_with(bytes, "\xff\xd8");
  const bool webp = starts_with(bytes, "RIFF") && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP";
  STEER_CHECK(png || jpeg || webp, "[read_image] ", name, ": expected a PNG, JPEG or WebP but got ",
              bytes.size(), " bytes of something else");
  const Decoded decoded = png    ? decode_png(bytes, name)
                          : jpeg ? decode_jpeg(bytes, name)
                                 : decode_webp(bytes, name);
  return upright(decoded.planes, decoded.orientation);
}

// Planes [C + 1, H, W], the last of them alpha, laid over a colour: [C, H, W], or [3, H, W] where the colour
// is no grey.
Tensor over(const Tensor& planes, const Colour& background) {
  const int64_t stored = planes.size(0) - 1;
  const bool grey = background[0] == background[1] && background[1] == background[2];
  const Tensor colours = with_channels(planes.narrow(0, 0, stored).unsqueeze(0), grey ? 0 : 3).squeeze(0);
  const Tensor alpha = planes[stored].flatten();
  if (alpha.min().item<uint8_t>() == 255) return colours;
  const Tensor out = at::empty(colours.sizes(), torch::kUInt8);
  constexpr int64_t kPortion = 1 << 16;
  for (int64_t i = 0; i < colours.size(0); ++i) {
    const Tensor under = colours[i].flatten(), mixed = out[i].flatten();
    const int64_t behind = background[i];
    for (int64_t from = 0; from < alpha.numel(); from += kPortion) {
      const int64_t to = std::min(from + kPortion, alpha.numel());
      const Tensor share = alpha.slice(0, from, to).to(torch::kInt32);
      const Tensor sum = under.slice(0, from, to).to(torch::kInt32).sub_(behind).mul_(share);
      mixed.slice(0, from, to).copy_(sum.add_(behind * 255 + 127).div_(255, "floor"));
    }
  }
  return out;
}

}  // namespace

void check_sides(const std::string& name, int64_t height, int64_t width) {
  STEER_CHECK(height > 0 && width > 0 && height <= kMaxSide && width <= kMaxSide, "[read_image] ", name,
              ": expected sides of 1 to ", kMaxSide, " pixels but got ", width, " x ", height);
  STEER_CHECK(height * width <= kMaxPixels, "[read_image] ", name, ": expected at most ", kMaxPixels,
              " pixels but got ", width, " x ", height);
}

Tensor planes_of(const Tensor& pixels) {
  return pixels.permute({2, 0, 1}).contiguous();
}

Tensor decode_bytes(std::string_view bytes, const std::string& name, int64_t channels,
                    const Colour& background) {
  const Tensor stored = decode_planes(bytes, name);
  const Tensor colours = stored.size(0) % 2 ? stored : over(stored, background);
  return with_channels(colours.unsqueeze(0), channels).squeeze(0);
}

Tensor read_bytes(const std::string& path, int64_t channels, const Colour& background) {
  return decode_bytes(read_file(path), path, channels, background);
}

LayeredImage read_layers(const std::string& path, int64_t channels) {
  return decode_layers(read_file(path), path, channels);
}

LayeredImage decode_layers(std::string_view bytes, const std::string& name, int64_t channels) {
  const Tensor stored = decode_planes(bytes, name);
  const int64_t colours = stored.size(0) - (stored.size(0) % 2 ? 0 : 1);
  const Tensor image = with_channels(stored.narrow(0, 0, colours).unsqueeze(0), channels).squeeze(0);
  const Tensor alpha =
      colours == stored.size(0) ? at::full_like(stored.narrow(0, 0, 1), 255) : stored.narrow(0, colours, 1);
  return {image, alpha};
}

Tensor decode_image(std::string_view bytes, const std::string& name, int64_t channels,
                    const Colour& background) {
  return from_bytes(decode_bytes(bytes, name, channels, background));
}

Tensor read_image(const std::string& path, int64_t channels, const Colour& background) {
  return decode_image(read_file(path), path, channels, background);
}

std::string encode_png(const Tensor& picture, const std::vector<PngText>& texts) {
  STEER_CHECK(picture.dim() == 3 && (picture.size(0) == 1 || picture.size(0) == 3) && picture.numel() > 0,
              "[write_png] expected a picture [1 or 3, H, W] but got ", shape_text(picture.sizes()));
  const Tensor pixels = to_bytes(picture).to(torch::kCPU).permute({1, 2, 0}).contiguous();
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.height = static_cast<png_uint_32>(picture.size(1));
  image.width = static_cast<png_uint_32>(picture.size(2));
  image.format = picture.size(0) == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t count = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string bytes(count, '\0');
  const int written =
      png_image_write_to_memory(&image, bytes.data(), &count, 0, pixels.data_ptr<uint8_t>(), 0, nullptr);
  STEER_CHECK(written, "[write_png] expected to encode the picture but got ", image.message);
  bytes.resize(count);
  return with_texts(bytes, texts);
}

void write_png(const std::string& path, const Tensor& picture, const std::vector<PngText>& texts) {
  write_file(path, encode_png(picture, texts));
}

bool is_image_name(std::string_view name) {
  const std::string end = file_ending(name);
  return end == ".png" || end == ".jpg" || end == ".jpeg" || end == ".webp";
}

}  // namespace steer
