#include "steer/picture/picture_writing.h"

#include <webp/encode.h>

#include <memory>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/tensors.h"
#include "steer/picture/gif.h"
#include "steer/picture/images.h"
#include "steer/picture/jpeg_writing.h"

namespace steer {
namespace {

// uint8 [C, H, W] on the processor.
Tensor pixels_of(const Tensor& picture, int64_t most, const char* format) {
  STEER_CHECK(picture.dim() == 3 && (picture.size(0) == 1 || picture.size(0) == 3) && picture.numel() > 0,
              "[write] expected a picture [1 or 3, H, W] but got ", shape_text(picture.sizes()));
  STEER_CHECK(picture.size(1) <= most && picture.size(2) <= most, "[write] expected sides of at most ", most,
              " for a ", format, " but got ", picture.size(2), " x ", picture.size(1));
  return to_bytes(picture).to(torch::kCPU).contiguous();
}

std::string encode_webp(const Tensor& picture) {
  const Tensor colours =
      pixels_of(picture, WEBP_MAX_DIMENSION, "WebP").expand({3, -1, -1}).permute({1, 2, 0}).contiguous();
  uint8_t* bytes = nullptr;
  const int width = static_cast<int>(colours.size(1)), height = static_cast<int>(colours.size(0));
  const size_t size = WebPEncodeLosslessRGB(colours.data_ptr<uint8_t>(), width, height, 3 * width, &bytes);
  const std::unique_ptr<uint8_t, void (*)(void*)> owner(bytes, WebPFree);
  STEER_CHECK(size > 0, "[write_webp] expected to encode the picture but libwebp gave nothing");
  return std::string(reinterpret_cast<const char*>(bytes), size);
}

}  // namespace

bool is_written_picture_name(std::string_view name) {
  return is_image_name(name) || file_ending(name) == ".gif";
}

std::string encode_picture(const Tensor& picture, std::string_view name, const std::vector<PngText>& texts) {
  const std::string ending = file_ending(name);
  if (ending == ".png") return encode_png(picture, texts);
  if (ending == ".jpg" || ending == ".jpeg") return encode_jpeg(pixels_of(picture, 65500, "JPEG"));
  if (ending == ".webp") return encode_webp(picture);
  if (ending == ".gif") return encode_gif(pixels_of(picture, 65535, "GIF").unsqueeze(0));
  fail("[write] ", name, ": expected a name that ends in ", kPictureEndings);
}

}  // namespace steer
