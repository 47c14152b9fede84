#include "steer/codes/range_coder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/random.h"

namespace steer {
namespace {

using Symbols = std::vector<int64_t>;

std::string encoded(const Frequencies& frequencies, const Symbols& symbols) {
  RangeEncoder encoder;
  for (int64_t symbol : symbols) encoder.put(frequencies, symbol);
  return encoder.finish();
}

Symbols decoded(const Frequencies& frequencies, const std::string& bytes, size_t count) {
  RangeDecoder decoder(bytes, "bytes");
  Symbols symbols(count);
  for (int64_t& symbol : symbols) symbol = decoder.next(frequencies);
  decoder.finish();
  return symbols;
}

double ideal_bytes(const Frequencies& frequencies, const Symbols& symbols) {
  double bits = 0;
  for (int64_t symbol : symbols)
    bits -= std::log2(static_cast<double>(frequencies.of(symbol)) / frequencies.total());
  return bits / 8;
}

// Symbols drawn by their frequencies.
Symbols drawn_symbols(const Frequencies& frequencies, size_t count, uint64_t seed) {
  Random random(seed);
  Symbols symbols(count);
  for (int64_t& symbol : symbols)
    symbol = frequencies.at(static_cast<uint32_t>(random.below(frequencies.total())));
  return symbols;
}

// Tables from even to extreme, with and without symbols that never occur.
std::vector<std::vector<uint32_t>> tables() {
  std::vector<std::vector<uint32_t>> tables = {{1},
                                               {65536},
                                               {1, 1},
                                               {1, 65535},
                                               {65535, 1},
                                               {0, 1, 0, 65535, 0},
                                               {32768, 32768},
                                               {21845, 21845, 21845},
                                               std::vector<uint32_t>(65536, 1)};
  std::vector<uint32_t> uneven(257, 1);
  uneven[128] = 65536 - 256;
  tables.push_back(uneven);
  Random random(4);
  for (int i = 0; i < 60; ++i) {
    std::vector<uint32_t> counts(1 + random.below(i % 3 ? 40 : 3000));
    const double power = random.uniform(0, 12);
    double sum = 0;
    std::vector<double> weights;
    for (size_t k = 0; k < counts.size(); ++k) sum += weights.emplace_back(std::pow(random.uniform(), power));
    const double room = static_cast<double>(random.below(kMaxTotal - counts.size()) + 1);
    for (size_t k = 0; k < counts.size(); ++k)
      counts[k] = static_cast<uint32_t>(weights[k] / sum * room) + (random.below(5) > 0 ? 1 : 0);
    if (std::count(counts.begin(), counts.end(), 0u) == static_cast<int64_t>(counts.size())) counts[0] = 1;
    tables.push_back(counts);
  }
  return tables;
}

TEST(Frequencies, SumsAndSearchesAgreeWithCounting) {
  for (const auto& counts : tables()) {
    const Frequencies frequencies(counts);
    uint32_t sum = 0;
    for (size_t k = 0; k < counts.size(); ++k) {
      const auto symbol = static_cast<int64_t>(k);
      ASSERT_EQ(frequencies.before(symbol), sum);
      ASSERT_EQ(frequencies.of(symbol), counts[k]);
      if (counts[k] > 0) {
        ASSERT_EQ(frequencies.at(sum), symbol);
        ASSERT_EQ(frequencies.at(sum + counts[k] - 1), symbol);
      }
      sum += counts[k];
    }
    EXPECT_EQ(frequencies.total(), sum);
  }
}

TEST(Frequencies, LearningCountsAndHalves) {
  Frequencies frequencies(int64_t{3});
  for (uint32_t i = 0; i < kMaxTotal - 3; ++i) frequencies.learn(1);
  EXPECT_EQ(frequencies.total(), kMaxTotal);
  EXPECT_EQ(frequencies.of(1), kMaxTotal - 2);
  frequencies.learn(2);
  EXPECT_EQ(frequencies.of(0), 1u);
  EXPECT_EQ(frequencies.of(1), kMaxTotal / 2 - 1);
  EXPECT_EQ(frequencies.of(2), 2u);
  EXPECT_EQ(frequencies.total(), kMaxTotal / 2 + 2);
  EXPECT_EQ(frequencies.before(2), kMaxTotal / 2);
  Frequencies full(kMaxAlphabet);
  full.learn(5);
  EXPECT_EQ(full.of(5), 1u);
}

TEST(Frequencies, RefusesTablesOutsideItsRange) {
  EXPECT_THROW(Frequencies(int64_t{0}), Error);
  EXPECT_THROW(Frequencies(kMaxAlphabet + 1), Error);
  EXPECT_THROW(Frequencies(std::vector<uint32_t>{}), Error);
  EXPECT_THROW(Frequencies(std::vector<uint32_t>{0, 0}), Error);
  EXPECT_THROW(Frequencies(std::vector<uint32_t>{65536, 1}), Error);
  EXPECT_THROW(Frequencies(std::vector<uint32_t>{0xFFFFFFFF, 2}), Error);
}

TEST(RangeCoder, GivesEverySymbolBack) {
  uint64_t seed = 0;
  for (const auto& counts : tables()) {
    const Frequencies frequencies(counts);
    for (size_t count : {0, 1, 2, 500}) {
      const Symbols symbols = drawn_symbols(frequencies, count, ++seed);
      ASSERT_EQ(decoded(frequencies, encoded(frequencies, symbols), count), symbols);
    }
    // The rarest symbol over and over, against all expectation.
    std::vector<uint32_t> reachable = counts;
    for (uint32_t& n : reachable) n = n ? n : kMaxTotal + 1;
    const Symbols rare(300, std::min_element(reachable.begin(), reachable.end()) - reachable.begin());
    ASSERT_EQ(decoded(frequencies, encoded(frequencies, rare), rare.size()), rare);
  }
}

TEST(RangeCoder, CarriesThroughLongRunsOfOnes) {
  // The last symbol of a table walks up to the end of the interval, so that the bytes are 255 until a carry.
  const Frequencies frequencies(std::vector<uint32_t>{1, 65534, 1});
  for (size_t ones : {3, 40, 4000}) {
    Symbols symbols(ones, 2);
    Random random(ones);
    for (int i = 0; i < 3000; ++i)
      symbols.push_back(random.below(50) ? 1 : static_cast<int64_t>(random.below(3)));
    ASSERT_EQ(decoded(frequencies, encoded(frequencies, symbols), symbols.size()), symbols);
  }
}

TEST(RangeCoder, TakesTheIdealSize) {
  uint64_t seed = 100;
  for (const auto& counts : tables()) {
    const Frequencies frequencies(counts);
    const Symbols symbols = drawn_symbols(frequencies, 50000, ++seed);
    const double ideal = ideal_bytes(frequencies, symbols);
    const auto size = static_cast<double>(encoded(frequencies, symbols).size());
    EXPECT_LE(size, ideal * 1.001 + 4) << "table of " << counts.size();
    EXPECT_GE(size, ideal * 0.999) << "table of " << counts.size();
  }
}

TEST(RangeCoder, HasTheBytesOfTheFormat) {
  // By hand: symbol 3 of four leaves the interval [0.75, 1), again [0.9375, 1), which begins at 0xF0000000.
  EXPECT_EQ(encoded(Frequencies(int64_t{4}), {3, 3}), std::string("\xF0\0\0\0", 4));
  // 256 equal symbols are bytes.
  EXPECT_EQ(encoded(Frequencies(int64_t{256}), {1, 2, 255}), std::string("\1\2\xFF\0\0\0", 6));
}

TEST(RangeCoder, LearnedFrequenciesComeCloseToTheTrueOnes) {
  const Frequencies truth(std::vector<uint32_t>{40000, 20000, 5000, 500, 30, 6});
  const Symbols symbols = drawn_symbols(truth, 60000, 9);
  RangeEncoder encoder;
  Frequencies learned(int64_t{6});
  for (int64_t symbol : symbols) {
    encoder.put(learned, symbol);
    learned.learn(symbol);
  }
  const std::string bytes = encoder.finish();
  EXPECT_LE(static_cast<double>(bytes.size()), ideal_bytes(truth, symbols) * 1.005 + 4);
  RangeDecoder decoder(bytes, "bytes");
  Frequencies again(int64_t{6});
  for (int64_t symbol : symbols) {
    ASSERT_EQ(decoder.next(again), symbol);
    again.learn(symbol);
  }
  decoder.finish();
}

TEST(RangeCoder, CutAndLongInputIsRefused) {
  for (const auto& counts : std::vector<std::vector<uint32_t>>{{3, 1, 2}, {65535, 1}, {1}}) {
    const Frequencies frequencies(counts);
    const Symbols symbols = drawn_symbols(frequencies, 50, 3);
    const std::string bytes = encoded(frequencies, symbols);
    for (size_t size = 0; size < bytes.size(); ++size)
      EXPECT_THROW(decoded(frequencies, bytes.substr(0, size), symbols.size()), Error) << size;
    EXPECT_THROW(decoded(frequencies, bytes + '\0', symbols.size()), Error);
  }
}

TEST(RangeCoder, ForeignBytesGiveSymbolsOrAnError) {
  Random random(8);
  for (const auto& counts : tables()) {
    const Frequencies frequencies(counts);
    std::string bytes(40, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.below(4) ? random.below(256) : 255);
    RangeDecoder decoder(bytes, "bytes");
    try {
      for (int i = 0; i < 2000; ++i) {
        const int64_t symbol = decoder.next(frequencies);
        ASSERT_LT(symbol, frequencies.symbols());
        ASSERT_GT(frequencies.of(symbol), 0u);
      }
    } catch (const Error&) {
      continue;
    }
  }
}

TEST(RangeCoder, RefusesSymbolsThatCannotBeCoded) {
  const Frequencies frequencies(std::vector<uint32_t>{1, 0, 2});
  RangeEncoder encoder;
  for (int64_t symbol : {-1, 1, 3}) EXPECT_THROW(encoder.put(frequencies, symbol), Error);
}

}  // namespace
}  // namespace steer
