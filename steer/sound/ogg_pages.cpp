#include "steer/sound/ogg_pages.h"

#include <array>
#include <cstdint>

#include "steer/codes/binary_fields.h"
#include "steer/core/check.h"

namespace steer {
namespace {

constexpr size_t kOggHead = 27;  // of a page, before the lengths of its segments

// The page's length, by its segments; 0 where it does not fit into the bytes.
size_t ogg_page_length(std::string_view bytes) {
  if (bytes.size() < kOggHead) return 0;
  const size_t segments = number_at(bytes, kOggHead - 1, 1);
  if (bytes.size() < kOggHead + segments) return 0;
  size_t length = kOggHead + segments;
  for (size_t i = 0; i < segments; ++i) length += number_at(bytes, kOggHead + i, 1);
  return length <= bytes.size() ? length : 0;
}

constexpr size_t kOggSerial = 14, kOggSum = 22;

std::array<uint32_t, 256> ogg_sums() {
  std::array<uint32_t, 256> sums{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t sum = i << 24;
    for (int bit = 0; bit < 8; ++bit) sum = sum << 1 ^ (sum >> 31 ? 0x04C11DB7u : 0);
    sums[i] = sum;
  }
  return sums;
}

// The sum of a page (RFC 3533, 6: CRC-32 of polynomial 0x04C11DB7 from 0), its own four bytes taken as 0.
uint32_t ogg_sum(std::string_view page) {
  static const std::array<uint32_t, 256> kSums = ogg_sums();
  uint32_t sum = 0;
  for (size_t i = 0; i < page.size(); ++i) {
    const bool own = i >= kOggSum && i < kOggSum + 4;
    sum = sum << 8 ^ kSums[(sum >> 24) ^ (own ? 0 : static_cast<unsigned char>(page[i]))];
  }
  return sum;
}

}  // namespace

void check_ogg_pages(std::string_view bytes, const std::string& name) {
  constexpr uint64_t kFirst = 2, kLast = 4;
  bool ended = false;
  for (size_t at = 0; at < bytes.size();) {
    const std::string_view rest = bytes.substr(at);
    STEER_CHECK(!ended, "[read] ", name, ": expected one stream, which ends at byte ", at,
                ", but more follows");
    STEER_CHECK(rest.substr(0, 4) == std::string_view("OggS").substr(0, rest.size()), "[read] ", name,
                ": expected a page at byte ", at, " but got something else");
    const size_t length = ogg_page_length(rest);
    STEER_CHECK(length > 0, "[read] ", name, ": expected a whole page at byte ", at, " but the file ends");
    STEER_CHECK(ogg_sum(rest.substr(0, length)) == number_at(rest, kOggSum, 4), "[read] ", name,
                ": expected the page at byte ", at, " to agree with its checksum but it is damaged");
    const uint64_t flags = number_at(rest, 5, 1);
    STEER_CHECK(((flags & kFirst) != 0) == (at == 0) &&
                    number_at(rest, kOggSerial, 4) == number_at(bytes, kOggSerial, 4),
                "[read] ", name, ": expected one stream but got several");
    ended = (flags & kLast) != 0;
    at += length;
  }
  STEER_CHECK(ended, "[read] ", name, ": expected the last page of the stream but the file ends");
}

void renumber_ogg(std::string& pages) {
  for (size_t at = 0; at < pages.size();) {
    const size_t length = ogg_page_length(std::string_view(pages).substr(at));
    STEER_CHECK(length > 0, "[write_sound] expected whole Ogg pages of the encoder but got fewer bytes");
    std::string number, sum;
    append_number(number, 1, 4);
    pages.replace(at + kOggSerial, 4, number);
    append_number(sum, ogg_sum(std::string_view(pages).substr(at, length)), 4);
    pages.replace(at + kOggSum, 4, sum);
    at += length;
  }
}

}  // namespace steer
