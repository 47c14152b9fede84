#include "steer/codes/range_coder.h"

#include <numeric>
#include <utility>

#include "steer/core/check.h"

namespace steer {
namespace {

constexpr uint64_t kLeastRange = uint64_t{1} << 24;
constexpr uint64_t kLow32 = 0xFFFFFFFF;
constexpr int kWindowBytes = 4;

// The part of a range that belongs to a symbol. The parts of all symbols tile the range without a rest, so
// that nothing is lost however uneven the frequencies are.
struct Part {
  uint64_t begin, size;
};

Part part_of(uint64_t range, uint64_t before, uint64_t of, uint64_t total) {
  const uint64_t begin = range * before / total;
  return {begin, range * (before + of) / total - begin};
}

}  // namespace

Frequencies::Frequencies(int64_t symbols) {
  STEER_CHECK(symbols >= 1 && symbols <= kMaxAlphabet, "[frequencies] expected 1 to ", kMaxAlphabet,
              " symbols but got ", symbols);
  counts_.assign(static_cast<size_t>(symbols), 1);
  build_tree();
}

Frequencies::Frequencies(const std::vector<uint32_t>& counts) : counts_(counts) {
  STEER_CHECK(!counts.empty() && counts.size() <= static_cast<size_t>(kMaxAlphabet),
              "[frequencies] expected 1 to ", kMaxAlphabet, " symbols but got ", counts.size());
  const uint64_t total = std::accumulate(counts.begin(), counts.end(), uint64_t{0});
  STEER_CHECK(total >= 1 && total <= kMaxTotal, "[frequencies] expected counts that add up to 1..", kMaxTotal,
              " but got ", total);
  build_tree();
}

void Frequencies::build_tree() {
  tree_.assign(counts_.size() + 1, 0);
  total_ = 0;
  for (size_t i = 1; i < tree_.size(); ++i) {
    total_ += counts_[i - 1];
    tree_[i] += counts_[i - 1];
    const size_t parent = i + (i & -i);
    if (parent < tree_.size()) tree_[parent] += tree_[i];
  }
}

uint32_t Frequencies::before(int64_t symbol) const {
  uint32_t sum = 0;
  for (size_t i = static_cast<size_t>(symbol); i > 0; i -= i & -i) sum += tree_[i];
  return sum;
}

int64_t Frequencies::at(uint32_t place) const {
  size_t step = 1;
  while (step * 2 < tree_.size()) step *= 2;
  size_t symbol = 0;
  for (; step > 0; step /= 2)
    if (symbol + step < tree_.size() && tree_[symbol + step] <= place) {
      symbol += step;
      place -= tree_[symbol];
    }
  return static_cast<int64_t>(symbol);
}

void Frequencies::learn(int64_t symbol) {
  if (counts_.size() > kMaxTotal / 2) return;
  if (total_ == kMaxTotal) {
    for (uint32_t& count : counts_) count = (count + 1) / 2;
    build_tree();
  }
  ++counts_[static_cast<size_t>(symbol)];
  ++total_;
  for (size_t i = static_cast<size_t>(symbol) + 1; i < tree_.size(); i += i & -i) ++tree_[i];
}

void RangeEncoder::put(const Frequencies& frequencies, int64_t symbol) {
  STEER_CHECK(symbol >= 0 && symbol < frequencies.symbols() && frequencies.of(symbol) > 0,
              "[range_encoder] expected a symbol with a frequency out of ", frequencies.symbols(),
              " but got ", symbol);
  put(frequencies.before(symbol), frequencies.of(symbol), frequencies.total());
}

void RangeEncoder::put(uint32_t before, uint32_t of, uint32_t total) {
  const Part part = part_of(range_, before, of, total);
  low_ += part.begin;
  range_ = part.size;
  // The whole interval lies below 1, so a carry always finds a byte that it does not overflow.
  if (low_ > kLow32) {
    size_t i = bytes_.size();
    while (i > 0 && ++bytes_[--i] == 0) continue;
  }
  low_ &= kLow32;
  for (; range_ < kLeastRange; range_ <<= 8, low_ = low_ << 8 & kLow32)
    bytes_ += static_cast<char>(low_ >> 24);
}

std::string RangeEncoder::finish() {
  for (int i = kWindowBytes; i-- > 0;) bytes_ += static_cast<char>(low_ >> (8 * i));
  return std::move(bytes_);
}

RangeDecoder::RangeDecoder(std::string_view bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {
  for (int i = 0; i < kWindowBytes; ++i) code_ = code_ << 8 | next_byte();
}

uint64_t RangeDecoder::next_byte() {
  STEER_CHECK(at_ < bytes_.size(), "[range_decoder] ", name_, ": expected more than ", bytes_.size(),
              " bytes of code (cut off?)");
  return static_cast<unsigned char>(bytes_[at_++]);
}

// The last place whose part of the range begins at or before the code.
uint64_t RangeDecoder::place_in(uint32_t total) const {
  return ((code_ + 1) * total - 1) / range_;
}

void RangeDecoder::narrow(uint32_t before, uint32_t of, uint32_t total) {
  const Part part = part_of(range_, before, of, total);
  code_ -= part.begin;
  range_ = part.size;
  for (; range_ < kLeastRange; range_ <<= 8) code_ = code_ << 8 | next_byte();
}

int64_t RangeDecoder::next(const Frequencies& frequencies) {
  const int64_t symbol = frequencies.at(static_cast<uint32_t>(place_in(frequencies.total())));
  narrow(frequencies.before(symbol), frequencies.of(symbol), frequencies.total());
  return symbol;
}

int64_t RangeDecoder::next(const std::vector<uint32_t>& frequencies) {
  const uint32_t total = std::accumulate(frequencies.begin(), frequencies.end(), uint32_t{0});
  const uint64_t place = place_in(total);
  size_t symbol = 0;
  uint32_t before = 0;
  while (place >= before + frequencies[symbol]) before += frequencies[symbol++];
  narrow(before, frequencies[symbol], total);
  return static_cast<int64_t>(symbol);
}

void RangeDecoder::finish() const {
  STEER_CHECK(at_ == bytes_.size(), "[range_decoder] ", name_, ": expected ", at_, " bytes of code but got ",
              bytes_.size());
}

}  // namespace steer
