// Images through the picture formats that everybody has, to compare codes with: bytes and what comes back.
#pragma once

#include <torch/types.h>

#include <string>

namespace steer {

using torch::Tensor;

// A picture that went through a format.
struct CodedPicture {
  int64_t bytes;          // of the whole file
  int64_t payload_bytes;  // without what every file of this kind and quality can share: for JPEG the scan
                          // alone, coded with the standard's own tables; for WebP all but 20 bytes of
                          // container; for JPEG XL all but its signature of 2 bytes
  Tensor decoded;         // uint8 [C, H, W]
};

// Error, which begins with `where` in brackets, unless it is a picture uint8 [1 or 3, H, W].
void check_codable(const Tensor& picture, const char* where);

// A picture uint8 [C, H, W], C 1 or 3, as a baseline JPEG of this quality (1 to 100), the file with the
// Huffman tables best for it; colour at half the resolution (4:2:0).
CodedPicture through_jpeg(const Tensor& picture, int quality);

// The same as a lossy WebP of this quality (0 to 100), its slowest and best method. A grey picture travels as
// a colour one with empty chroma.
CodedPicture through_webp(const Tensor& picture, int quality);

// The same as a lossy JPEG XL of this quality (1 to 99, as cjxl has it) and its usual effort, without a
// container.
CodedPicture through_jpeg_xl(const Tensor& picture, int quality);

}  // namespace steer
