#include "steer/image/image_codecs.h"

#include <webp/decode.h>
#include <webp/encode.h>

#include <memory>
#include <string>
#include <string_view>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/picture/images.h"
#include "steer/picture/jpeg_writing.h"

namespace steer {
namespace {

constexpr int kWebpContainerBytes = 20, kWebpBestMethod = 6;
constexpr unsigned char kMarker = 0xFF, kStartOfScan = 0xDA;

// Where the coded scan of a baseline JPEG begins: after the last segment that carries a length.
size_t scan_begin(std::string_view bytes) {
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(bytes[at]); };
  size_t at = 2;
  while (at + 4 <= bytes.size() && byte(at) == kMarker) {
    const bool scan = byte(at + 1) == kStartOfScan;
    at += 2 + (static_cast<size_t>(byte(at + 2)) << 8 | byte(at + 3));
    if (scan) return at;
  }
  fail("[through_jpeg] expected a JPEG with a scan");
}

}  // namespace

void check_codable(const Tensor& picture, const char* where) {
  STEER_CHECK(picture.dim() == 3 && picture.scalar_type() == torch::kUInt8 &&
                  (picture.size(0) == 1 || picture.size(0) == 3),
              "[", where, "] expected a uint8 picture [1 or 3, H, W] but got ", picture.scalar_type(), " ",
              shape_text(picture.sizes()));
}

CodedPicture through_jpeg(const Tensor& picture, int quality) {
  check_codable(picture, "through_jpeg");
  STEER_CHECK(quality >= 1 && quality <= 100, "[through_jpeg] expected a quality of 1 to 100 but got ",
              quality);
  const std::string small = encode_jpeg(picture, {quality, true, false});
  const std::string common = encode_jpeg(picture, {quality, true, true});
  constexpr size_t kEndBytes = 2;
  return {static_cast<int64_t>(small.size()),
          static_cast<int64_t>(common.size() - scan_begin(common) - kEndBytes),
          decode_bytes(small, "jpeg", picture.size(0))};
}

CodedPicture through_webp(const Tensor& picture, int quality) {
  check_codable(picture, "through_webp");
  const std::string what = "[through_webp] ";
  STEER_CHECK(quality >= 0 && quality <= 100, what, "expected a quality of 0 to 100 but got ", quality);
  const Tensor pixels = picture.expand({3, -1, -1}).permute({1, 2, 0}).contiguous();
  const int height = static_cast<int>(pixels.size(0)), width = static_cast<int>(pixels.size(1));

  WebPConfig config;
  WebPPicture frame;
  STEER_CHECK(WebPConfigInit(&config) && WebPPictureInit(&frame), what, "expected another libwebp");
  config.quality = static_cast<float>(quality);
  config.method = kWebpBestMethod;
  frame.width = width;
  frame.height = height;
  WebPMemoryWriter memory;
  WebPMemoryWriterInit(&memory);
  frame.writer = WebPMemoryWrite;
  frame.custom_ptr = &memory;
  const bool made =
      WebPPictureImportRGB(&frame, pixels.data_ptr<uint8_t>(), 3 * width) && WebPEncode(&config, &frame);
  WebPPictureFree(&frame);
  const std::unique_ptr<uint8_t, void (*)(uint8_t*)> bytes(memory.mem, [](uint8_t* p) { WebPFree(p); });
  STEER_CHECK(made, what, "expected a picture that a WebP holds but got ", shape_text(picture.sizes()));

  const Tensor back = at::empty_like(pixels);
  STEER_CHECK(WebPDecodeRGBInto(bytes.get(), memory.size, back.data_ptr<uint8_t>(),
                                static_cast<size_t>(back.numel()), 3 * width),
              what, "expected to read back what was written");
  Tensor decoded = back.permute({2, 0, 1});
  if (picture.size(0) == 1) decoded = decoded.to(torch::kFloat32).mean(0, true).round().to(torch::kUInt8);
  const auto count = static_cast<int64_t>(memory.size);
  return {count, count - kWebpContainerBytes, decoded.contiguous()};
}

}  // namespace steer
