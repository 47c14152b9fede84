#include <jxl/decode.h>
#include <jxl/encode.h>

#include <memory>
#include <vector>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/image/image_codecs.h"

namespace steer {
namespace {

constexpr int kSignatureBytes = 2, kEffort = 7;
constexpr const char* kWhat = "[through_jpeg_xl] ";

// The butteraugli distance that cjxl takes for a quality.
float distance_of(int quality) {
  const auto q = static_cast<float>(quality);
  return quality >= 100  ? 0.0f
         : quality >= 30 ? 0.1f + (100 - q) * 0.09f
                         : 53.0f / 3000 * q * q - 23.0f / 20 * q + 25;
}

// Without a container: one codestream.
std::vector<uint8_t> encoded(const Tensor& pixels, int quality) {
  const std::unique_ptr<JxlEncoder, void (*)(JxlEncoder*)> encoder(JxlEncoderCreate(nullptr),
                                                                   JxlEncoderDestroy);
  JxlBasicInfo info;
  JxlEncoderInitBasicInfo(&info);
  info.ysize = static_cast<uint32_t>(pixels.size(0)), info.xsize = static_cast<uint32_t>(pixels.size(1));
  info.bits_per_sample = 8;
  info.num_color_channels = static_cast<uint32_t>(pixels.size(2));
  info.uses_original_profile = JXL_FALSE;
  JxlColorEncoding colour;
  JxlColorEncodingSetToSRGB(&colour, pixels.size(2) == 1 ? JXL_TRUE : JXL_FALSE);
  const JxlPixelFormat format{info.num_color_channels, JXL_TYPE_UINT8, JXL_NATIVE_ENDIAN, 0};
  JxlEncoderFrameSettings* frame = JxlEncoderFrameSettingsCreate(encoder.get(), nullptr);
  const bool taken =
      JxlEncoderSetBasicInfo(encoder.get(), &info) == JXL_ENC_SUCCESS &&
      JxlEncoderSetColorEncoding(encoder.get(), &colour) == JXL_ENC_SUCCESS &&
      JxlEncoderSetFrameDistance(frame, distance_of(quality)) == JXL_ENC_SUCCESS &&
      JxlEncoderFrameSettingsSetOption(frame, JXL_ENC_FRAME_SETTING_EFFORT, kEffort) == JXL_ENC_SUCCESS &&
      JxlEncoderAddImageFrame(frame, &format, pixels.data_ptr(), static_cast<size_t>(pixels.numel())) ==
          JXL_ENC_SUCCESS;
  STEER_CHECK(taken, kWhat, "expected a picture that a JPEG XL holds but got ", shape_text(pixels.sizes()));
  JxlEncoderCloseInput(encoder.get());
  std::vector<uint8_t> bytes(64);
  uint8_t* next = bytes.data();
  size_t room = bytes.size();
  JxlEncoderStatus status;
  while ((status = JxlEncoderProcessOutput(encoder.get(), &next, &room)) == JXL_ENC_NEED_MORE_OUTPUT) {
    const auto written = static_cast<size_t>(next - bytes.data());
    bytes.resize(2 * bytes.size());
    next = bytes.data() + written, room = bytes.size() - written;
  }
  STEER_CHECK(status == JXL_ENC_SUCCESS, kWhat, "expected another libjxl");
  bytes.resize(static_cast<size_t>(next - bytes.data()));
  return bytes;
}

void decode(const std::vector<uint8_t>& bytes, const Tensor& pixels) {
  const std::unique_ptr<JxlDecoder, void (*)(JxlDecoder*)> decoder(JxlDecoderCreate(nullptr),
                                                                   JxlDecoderDestroy);
  const JxlPixelFormat format{static_cast<uint32_t>(pixels.size(2)), JXL_TYPE_UINT8, JXL_NATIVE_ENDIAN, 0};
  JxlDecoderSubscribeEvents(decoder.get(), JXL_DEC_FULL_IMAGE);
  JxlDecoderSetInput(decoder.get(), bytes.data(), bytes.size());
  JxlDecoderCloseInput(decoder.get());
  JxlDecoderStatus status;
  while ((status = JxlDecoderProcessInput(decoder.get())) == JXL_DEC_NEED_IMAGE_OUT_BUFFER)
    if (JxlDecoderSetImageOutBuffer(decoder.get(), &format, pixels.data_ptr(),
                                    static_cast<size_t>(pixels.numel())) != JXL_DEC_SUCCESS)
      break;
  STEER_CHECK(status == JXL_DEC_FULL_IMAGE, kWhat, "expected to read back what was written");
}

}  // namespace

CodedPicture through_jpeg_xl(const Tensor& picture, int quality) {
  check_codable(picture, "through_jpeg_xl");
  STEER_CHECK(quality >= 1 && quality <= 99, kWhat, "expected a quality of 1 to 99 but got ", quality);
  const Tensor pixels = picture.permute({1, 2, 0}).contiguous(), back = at::empty_like(pixels);
  const std::vector<uint8_t> bytes = encoded(pixels, quality);
  decode(bytes, back);
  const auto count = static_cast<int64_t>(bytes.size());
  return {count, count - kSignatureBytes, back.permute({2, 0, 1}).contiguous()};
}

}  // namespace steer
