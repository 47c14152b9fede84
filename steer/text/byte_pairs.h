// Byte-pair encoding: words of bytes whose frequent neighbours were joined, pair after pair (Sennrich et al.
// 2016; on bytes, Radford et al. 2019).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace steer {

// Two neighbours that become one token.
struct Merge {
  int64_t left, right, made;  // tokens: the two, and what stands for both
};

// Merges, the first learned first. Copies are cheap enough to pass about, encoding is const.
class BytePairs {
 public:
  // `byte_token` 256 numbers, of each byte, -1 where it has no token. Error, which begins with `what`, for a
  // pair that stands there twice, and for other than 256 numbers.
  BytePairs(std::vector<int64_t> byte_token, std::vector<Merge> merges, const std::string& what);

  const std::vector<int64_t>& byte_token() const { return byte_token_; }  // of each byte
  const std::vector<Merge>& merges() const { return merges_; }            // in their order

  // The tokens of one word: of all neighbours that a merge joins, the earliest learned are joined first, the
  // leftmost of equal ones before the others. O(n log n) in its bytes. Error for a byte without a token.
  std::vector<int64_t> encode(std::string_view word) const;

 private:
  std::vector<int64_t> byte_token_;
  std::vector<Merge> merges_;
  std::unordered_map<uint64_t, uint32_t> rank_;  // of a pair among the merges
};

// How often each word occurs.
using WordCounts = std::unordered_map<std::string, int64_t>;

// Merges learned from words: at most `merges`, each of the pair that occurs most often, of equally frequent
// ones that of the lowest numbers; ends before a pair that occurs fewer than `least` times. Tokens are the
// 256 bytes in the order of bytes_by_letter(), then what each merge makes.
BytePairs learn_byte_pairs(const WordCounts& words, int64_t merges, int64_t least = 2);

}  // namespace steer
