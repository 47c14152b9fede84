// Changed bytes of a file with a checksum, for tests of what lies behind the checksum.
#pragma once

#include <string>

#include "steer/codes/binary_fields.h"

namespace steer {

// The bytes with a checksum that agrees with them.
inline std::string signed_again(std::string bytes) {
  if (bytes.size() < kSumBytes) return bytes;
  bytes.resize(bytes.size() - kSumBytes);
  append_checksum(bytes);
  return bytes;
}

}  // namespace steer
