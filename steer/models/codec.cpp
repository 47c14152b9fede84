#include "steer/models/codec.h"

#include <cmath>

#include "steer/core/check.h"

namespace steer {

double Codec::bits() const {
  double bits = 0;
  for (const int64_t count : candidates()) bits += std::log2(static_cast<double>(count));
  return bits;
}

std::vector<LikelyPrefix> Codec::likely(const State&, int64_t, int64_t, int64_t) const {
  return {};
}

CodeFile Codec::code_file(const Tensor& code, Coder coder) const {
  CodeFile file;
  file.coder = coder;
  file.fingerprint = fingerprint();
  file.candidates = candidates();
  file.code = code;
  return file;
}

Tensor Codec::code_in(const CodeFile& file, const std::string& name) const {
  STEER_CHECK(file.fingerprint == fingerprint(), "[decode] ", name,
              ": expected codes of the model with fingerprint ", fingerprint_text(fingerprint()),
              " but they were made by another one, ", fingerprint_text(file.fingerprint));
  STEER_CHECK(file.candidates == candidates(), "[decode] ", name,
              ": expected as many layers and candidates as the model has but got others");
  return file.code;
}

}  // namespace steer
