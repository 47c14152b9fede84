#include "steer/text/byte_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <queue>

#include "steer/core/check.h"
#include "steer/text/byte_letters.h"

namespace steer {
namespace {

constexpr int64_t kMostTokens = int64_t{1} << 24;

uint64_t pair_key(int64_t left, int64_t right) {
  return static_cast<uint64_t>(left) << 32 | static_cast<uint64_t>(right);
}

// A merge that may be made in a word, unless another takes one of its tokens first.
struct Join {
  uint32_t rank;
  int32_t at;  // of the left token
  bool operator<(const Join& other) const {
    return rank != other.rank ? rank > other.rank : at > other.at;  // the least is on top
  }
};

}  // namespace

BytePairs::BytePairs(std::vector<int64_t> byte_token, std::vector<Merge> merges, const std::string& what)
    : byte_token_(std::move(byte_token)), merges_(std::move(merges)) {
  STEER_CHECK(byte_token_.size() == 256, what, ": expected a token for each of 256 bytes but got ",
              byte_token_.size());
  STEER_CHECK(merges_.size() < static_cast<size_t>(kMostTokens), what, ": expected at most ", kMostTokens,
              " merges but got ", merges_.size());
  rank_.reserve(merges_.size());
  for (size_t i = 0; i < merges_.size(); ++i) {
    const Merge& merge = merges_[i];
    for (const int64_t token : {merge.left, merge.right, merge.made})
      STEER_CHECK(token >= 0 && token < kMostTokens, what, ": expected tokens 0 to ", kMostTokens - 1,
                  " in merge ", i, " but got ", token);
    STEER_CHECK(rank_.emplace(pair_key(merge.left, merge.right), i).second, what, ": merge ", i,
                " joins a pair that an earlier one joins");
  }
}

std::vector<int64_t> BytePairs::encode(std::string_view word) const {
  struct Piece {
    int64_t token;
    int32_t before, after;  // neighbours; -1 at the ends
  };
  STEER_CHECK(word.size() < (size_t{1} << 31), "[text] expected words below 2 GiB but got one of ",
              word.size(), " bytes");
  std::vector<Piece> pieces;
  const auto count = static_cast<int32_t>(word.size());
  for (int32_t i = 0; i < count; ++i) {
    const auto byte = static_cast<unsigned char>(word[static_cast<size_t>(i)]);
    STEER_CHECK(byte_token_[byte] >= 0, "[text] expected bytes of the vocabulary but got ",
                fmt::format("0x{:02x}", byte));
    pieces.push_back({byte_token_[byte], i - 1, i + 1 < count ? i + 1 : -1});
  }
  std::priority_queue<Join> joins;
  const auto consider = [&](int32_t at) {
    if (at < 0 || pieces[static_cast<size_t>(at)].after < 0) return;
    const Piece& left = pieces[static_cast<size_t>(at)];
    const auto found = rank_.find(pair_key(left.token, pieces[static_cast<size_t>(left.after)].token));
    if (found != rank_.end()) joins.push({found->second, at});
  };
  for (int32_t i = 0; i < count; ++i) consider(i);
  while (!joins.empty()) {
    const Join join = joins.top();
    joins.pop();
    Piece& left = pieces[static_cast<size_t>(join.at)];
    const Merge& merge = merges_[join.rank];
    if (left.token != merge.left || left.after < 0) continue;  // taken by another merge
    Piece& right = pieces[static_cast<size_t>(left.after)];
    if (right.token != merge.right) continue;
    left.token = merge.made, right.token = -1;
    left.after = right.after;
    if (left.after >= 0) pieces[static_cast<size_t>(left.after)].before = join.at;
    consider(left.before), consider(join.at);
  }
  std::vector<int64_t> tokens;
  for (const Piece& piece : pieces)
    if (piece.token >= 0) tokens.push_back(piece.token);
  return tokens;
}

namespace {

struct CountedWord {
  std::vector<int64_t> tokens;
  int64_t count;
};

// How often a pair occurred when this was noted.
struct PairCount {
  int64_t count;
  uint64_t key;
  bool operator<(const PairCount& other) const {
    return count != other.count ? count < other.count : key > other.key;  // the most frequent is on top
  }
};

// The pairs of all words, kept up to date while they are joined.
class Learning {
 public:
  explicit Learning(const WordCounts& words) {
    std::vector<int64_t> token(256);
    for (size_t i = 0; i < 256; ++i) token[bytes_by_letter()[i]] = static_cast<int64_t>(i);
    byte_token_ = token;
    for (const auto& [word, count] : words) {
      CountedWord made{{}, count};
      for (const char byte : word) made.tokens.push_back(token[static_cast<unsigned char>(byte)]);
      for (size_t i = 0; i + 1 < made.tokens.size(); ++i)
        note(made.tokens[i], made.tokens[i + 1], count, static_cast<uint32_t>(words_.size()));
      words_.push_back(std::move(made));
    }
    for (const auto& [key, count] : counts_) queue_.push({count, key});
  }

  // The most frequent pair of all, or one of count 0.
  PairCount most_frequent() {
    while (!queue_.empty()) {
      const PairCount top = queue_.top();
      queue_.pop();
      const int64_t now = counts_[top.key];
      if (now == top.count) return top;
      if (now > 0) queue_.push({now, top.key});
    }
    return {0, 0};
  }

  void join(uint64_t key, int64_t made) {
    const auto left = static_cast<int64_t>(key >> 32), right = static_cast<int64_t>(key & 0xFFFFFFFF);
    std::vector<uint32_t> where;
    where.swap(where_[key]);
    std::sort(where.begin(), where.end());
    where.erase(std::unique(where.begin(), where.end()), where.end());
    touched_.clear();
    for (const uint32_t word : where) join_in(word, left, right, made);
    counts_[key] = 0;
    for (const uint64_t pair : touched_)
      if (const int64_t count = counts_[pair]; count > 0) queue_.push({count, pair});
  }

  const std::vector<int64_t>& byte_token() const { return byte_token_; }

 private:
  void note(int64_t left, int64_t right, int64_t count, uint32_t word) {
    const uint64_t key = pair_key(left, right);
    counts_[key] += count;
    if (count <= 0) return;
    where_[key].push_back(word);
    touched_.push_back(key);
  }

  void join_in(uint32_t index, int64_t left, int64_t right, int64_t made) {
    CountedWord& word = words_[index];
    std::vector<int64_t> joined;
    for (size_t i = 0; i < word.tokens.size(); ++i) {
      const bool here = i + 1 < word.tokens.size() && word.tokens[i] == left && word.tokens[i + 1] == right;
      if (!here) {
        joined.push_back(word.tokens[i]);
        continue;
      }
      if (!joined.empty()) {
        note(joined.back(), left, -word.count, index);
        note(joined.back(), made, word.count, index);
      }
      if (i + 2 < word.tokens.size()) {
        note(right, word.tokens[i + 2], -word.count, index);
        note(made, word.tokens[i + 2], word.count, index);
      }
      joined.push_back(made);
      ++i;
    }
    word.tokens = std::move(joined);
  }

  std::vector<int64_t> byte_token_;
  std::vector<CountedWord> words_;
  std::unordered_map<uint64_t, int64_t> counts_;
  std::unordered_map<uint64_t, std::vector<uint32_t>> where_;  // words that had the pair when it was noted
  std::vector<uint64_t> touched_;                              // pairs that became more frequent
  std::priority_queue<PairCount> queue_;
};

}  // namespace

BytePairs learn_byte_pairs(const WordCounts& words, int64_t merges, int64_t least) {
  STEER_CHECK(merges >= 0 && merges < kMostTokens - 256, "[text] expected 0 to ", kMostTokens - 257,
              " merges but got ", merges);
  STEER_CHECK(least >= 1, "[text] expected a least count of 1 or more but got ", least);
  Learning learning(words);
  std::vector<Merge> made;
  while (static_cast<int64_t>(made.size()) < merges) {
    const PairCount best = learning.most_frequent();
    if (best.count < least) break;
    const int64_t token = 256 + static_cast<int64_t>(made.size());
    made.push_back(
        {static_cast<int64_t>(best.key >> 32), static_cast<int64_t>(best.key & 0xFFFFFFFF), token});
    learning.join(best.key, token);
  }
  return BytePairs(learning.byte_token(), std::move(made), "[text]");
}

}  // namespace steer
