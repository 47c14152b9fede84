// The fields of our binary files: whole numbers with their lowest byte first, and a checksum at the end.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace steer {

constexpr size_t kSumBytes = 4;

// Adds the lowest `count` bytes of the number.
inline void append_number(std::string& bytes, uint64_t value, size_t count) {
  for (size_t i = 0; i < count; ++i) bytes += static_cast<char>(value >> (8 * i));
}

// The whole number in `count` bytes at `at`, which are known to be there.
inline uint64_t number_at(std::string_view bytes, size_t at, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i)
    value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return value;
}

// CRC-32.
inline uint64_t checksum(std::string_view bytes) {
  return crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
}

inline void append_checksum(std::string& bytes) {
  append_number(bytes, checksum(bytes), kSumBytes);
}

// Whether bytes that end in a checksum agree with it.
inline bool checksum_agrees(std::string_view bytes) {
  const size_t end = bytes.size() - kSumBytes;
  return number_at(bytes, end, kSumBytes) == checksum(bytes.substr(0, end));
}

}  // namespace steer
