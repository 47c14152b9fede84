#include <memory>

#include <webp/decode.h>
#include <webp/demux.h>

#include "steer/core/check.h"
#include "steer/picture/decoders.h"
#include "steer/picture/orientation.h"

namespace steer {
namespace {

// The canvas as the first frame leaves it, RGB and alpha [H, W, 4].
Tensor first_frame(const WebPData& data, const std::string& name, int64_t height, int64_t width) {
  WebPAnimDecoderOptions options;
  STEER_CHECK(WebPAnimDecoderOptionsInit(&options), "[read_image] ", name, ": expected another libwebp");
  const std::unique_ptr<WebPAnimDecoder, void (*)(WebPAnimDecoder*)> decoder(
      WebPAnimDecoderNew(&data, &options), WebPAnimDecoderDelete);
  uint8_t* frame = nullptr;
  int time = 0;
  STEER_CHECK(decoder && WebPAnimDecoderGetNext(decoder.get(), &frame, &time), "[read_image] ", name,
              ": expected a whole animated WebP but its first frame cannot be read");
  return torch::from_blob(frame, {height, width, 4}, torch::kUInt8).clone();
}

int webp_orientation(const WebPData& data) {
  const std::unique_ptr<WebPDemuxer, void (*)(WebPDemuxer*)> demuxer(WebPDemux(&data), WebPDemuxDelete);
  WebPChunkIterator chunk;
  if (!demuxer || !WebPDemuxGetChunk(demuxer.get(), "EXIF", 1, &chunk)) return 1;
  const int orientation =
      orientation_in({reinterpret_cast<const char*>(chunk.chunk.bytes), chunk.chunk.size});
  WebPDemuxReleaseChunkIterator(&chunk);
  return orientation;
}

}  // namespace

Decoded decode_webp(std::string_view bytes, const std::string& name) {
  const auto* const start = reinterpret_cast<const uint8_t*>(bytes.data());
  WebPBitstreamFeatures features;
  STEER_CHECK(WebPGetFeatures(start, bytes.size(), &features) == VP8_STATUS_OK, "[read_image] ", name,
              ": expected a whole WebP");
  const int64_t height = features.height, width = features.width;
  check_sides(name, height, width);
  const WebPData data{start, bytes.size()};
  if (features.has_animation)
    return {planes_of(first_frame(data, name, height, width)), webp_orientation(data)};
  const int channels = features.has_alpha ? 4 : 3;
  const Tensor pixels = at::empty({height, width, channels}, torch::kUInt8);
  const auto decode = features.has_alpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
  STEER_CHECK(decode(start, bytes.size(), pixels.data_ptr<uint8_t>(), static_cast<size_t>(pixels.numel()),
                     static_cast<int>(width * channels)),
              "[read_image] ", name, ": expected a whole WebP");
  return {planes_of(pixels), webp_orientation(data)};
}

}  // namespace steer
