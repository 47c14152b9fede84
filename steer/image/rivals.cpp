#include "steer/image/rivals.h"

#include "steer/core/tensors.h"
#include "steer/image/image_codecs.h"

namespace steer {
namespace {

using Through = CodedPicture (*)(const Tensor& picture, int quality);

RivalSamples all_through(Through through, const State& images, int64_t quality) {
  const Tensor bytes = to_bytes(images.x);
  std::vector<double> bits, bare_bits;
  std::vector<Tensor> decoded;
  for (int64_t i = 0; i < bytes.size(0); ++i) {
    const CodedPicture coded = through(bytes[i], static_cast<int>(quality));
    bits.push_back(8 * static_cast<double>(coded.bytes));
    bare_bits.push_back(8 * static_cast<double>(coded.payload_bytes));
    decoded.push_back(coded.decoded);
  }
  return {at::tensor(bits, torch::kFloat64), at::tensor(bare_bits, torch::kFloat64), from_bytes(bytes),
          from_bytes(at::stack(decoded))};
}

Rival picture_rival(const std::string& name, const std::string& shared, Through through) {
  return {name, shared, {1, 5, 10, 20, 30, 50, 70, 90}, [through](const State& images, int64_t quality) {
            return all_through(through, images, quality);
          }};
}

}  // namespace

std::vector<Rival> image_rivals() {
  return {picture_rival("jpeg", "headers and tables", through_jpeg),
          picture_rival("webp", "the 20 bytes of container", through_webp),
          picture_rival("jxl", "the signature of 2 bytes", through_jpeg_xl)};
}

}  // namespace steer
