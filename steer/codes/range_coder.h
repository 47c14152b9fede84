// A range coder (Martin 1979) over bytes: symbols cost about -log2(frequency / total) bits each, by
// frequencies that stay as given or learn from what was coded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace steer {

constexpr int64_t kMaxAlphabet = 65536;  // the most symbols that one alphabet has
constexpr uint32_t kMaxTotal = 65536;    // the most that frequencies add up to

// How often each symbol of an alphabet is expected. Sums and searches take log2 K steps (Fenwick 1994).
class Frequencies {
 public:
  // `symbols` alike, each once: the start of learning. 1 to kMaxAlphabet.
  explicit Frequencies(int64_t symbols);
  // As given, adding up to 1..kMaxTotal. A symbol of frequency 0 cannot be coded.
  explicit Frequencies(const std::vector<uint32_t>& counts);

  int64_t symbols() const { return static_cast<int64_t>(counts_.size()); }  // how many there are
  uint32_t total() const { return total_; }                                 // of all frequencies
  // The frequency of a symbol.
  uint32_t of(int64_t symbol) const { return counts_[static_cast<size_t>(symbol)]; }
  // The sum over all symbols before this one.
  uint32_t before(int64_t symbol) const;
  // The symbol with before(symbol) <= place < before(symbol) + of(symbol), for place < total().
  int64_t at(uint32_t place) const;

  // Counts the symbol once more; at a total of kMaxTotal all counts are first halved, rounded up. An alphabet
  // of more than kMaxTotal / 2 symbols leaves no room to learn in and keeps its counts.
  void learn(int64_t symbol);

 private:
  void build_tree();

  std::vector<uint32_t> counts_;
  std::vector<uint32_t> tree_;  // tree_[i]: the sum of the last (i & -i) of the first i counts
  uint32_t total_ = 0;
};

// Writes symbols.
class RangeEncoder {
 public:
  // Error when the symbol is outside the alphabet or its frequency is 0.
  void put(const Frequencies& frequencies, int64_t symbol);
  // The same for the symbol of frequency `of` > 0 after others that add up to `before`, out of `total`, at
  // most kMaxTotal.
  void put(uint32_t before, uint32_t of, uint32_t total);

  // All bytes: the ideal size rounded up and at most four more. Ends the encoder.
  std::string finish();

 private:
  uint64_t low_ = 0;                    // of the interval, its 32 bits that are still open
  uint64_t range_ = uint64_t{1} << 32;  // size of the interval, 2^24 to 2^32
  std::string bytes_;
};

// Reads the symbols that a RangeEncoder wrote.
class RangeDecoder {
 public:
  // The bytes, which must outlive the decoder. `name` (a file) stands in errors.
  RangeDecoder(std::string_view bytes, std::string name);

  // The next symbol, given the frequencies it was put with. Error when the bytes end before it is known.
  int64_t next(const Frequencies& frequencies);
  // The same for plain frequencies, at most kMaxTotal together, that are used once.
  int64_t next(const std::vector<uint32_t>& frequencies);

  // To be called after the last symbol: error when bytes are left.
  void finish() const;

 private:
  uint64_t next_byte();
  uint64_t place_in(uint32_t total) const;
  void narrow(uint32_t before, uint32_t of, uint32_t total);

  std::string_view bytes_;
  std::string name_;
  size_t at_ = 0;
  uint64_t code_ = 0;  // place within the interval, less than range_
  uint64_t range_ = uint64_t{1} << 32;
};

}  // namespace steer
