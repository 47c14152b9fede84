// Codes of images in one file: which model made them, and the chosen index of every layer, bit by bit or
// entropy-coded. docs/code_format.md describes the bytes. The reader trusts nothing in the file.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "steer/codes/prior.h"

namespace steer {

using torch::Tensor;

// How indices become bits.
enum class Coder {
  kPacked = 0,    // every index in the same number of bits
  kAdaptive = 1,  // a range coder whose frequencies, one table for each layer, learn as they go
  kPrior = 2,     // a range coder whose frequencies a learned prior tells
};

// The coder of a name, "packed", "adaptive" or "prior" (Error for another), and the name of a coder.
Coder make_coder(const std::string& name);
std::string name(Coder coder);

// What a file holds.
struct CodeFile {
  Coder coder = Coder::kAdaptive;   // how the indices are coded
  uint64_t fingerprint = 0;         // of the model whose layers the indices choose in
  std::vector<int64_t> candidates;  // K of each of the L layers, 1 to 65,536
  Tensor code;                      // int64 [N, L], N at least 1
};

// The most that a file holds:
constexpr int64_t kMaxIndices = int64_t{1} << 26;     // indices
constexpr int64_t kMaxLayers = 65535;                 // layers
constexpr int64_t kMaxCandidates = int64_t{1} << 24;  // candidates in all layers together

// The file's bytes. Error when the shape does not agree with `candidates`, an index is not below its K, or
// the codes exceed what a file holds; for Coder::kPrior also without `prior` or with one of another model, or
// without a label of each code (int64 [N]) for one that is told them. The file does not hold labels.
std::string write_codes(const CodeFile& file, const Prior* prior = nullptr, const Tensor& label = {});

// What the bytes hold. Anything cut off, damaged, foreign or contradictory is refused with `name` and fault,
// and so are codes of Coder::kPrior without the very prior that coded them and the labels that it was told.
CodeFile read_codes(std::string_view bytes, const std::string& name, const Prior* prior = nullptr,
                    const Tensor& label = {});

// What a file says of its codes.
struct CodeHeader {
  Coder coder = Coder::kAdaptive;   // how they are coded
  uint64_t fingerprint = 0;         // of the model
  uint64_t prior = 0;               // Coder::kPrior: fingerprint of the prior that coded them
  std::vector<int64_t> candidates;  // K of each layer
  int64_t codes = 0;                // N
};

// That of a whole and undamaged file, also without the prior; refuses all others.
CodeHeader read_code_header(std::string_view bytes, const std::string& name);

// Whether bytes begin as a file of codes does.
bool begins_codes(std::string_view bytes);

// The coder of a whole and undamaged file; refuses all others.
Coder coder_in(std::string_view bytes, const std::string& name);

// A fingerprint as people read it: 16 hexadecimal digits.
std::string fingerprint_text(uint64_t fingerprint);

}  // namespace steer
