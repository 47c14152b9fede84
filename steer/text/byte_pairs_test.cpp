#include "steer/text/byte_pairs.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "steer/testing/refusal.h"
#include "steer/text/byte_letters.h"

namespace steer {
namespace {

using Tokens = std::vector<int64_t>;

Tokens bytes_as_tokens(const BytePairs& pairs, const std::string& word) {
  Tokens tokens;
  for (const char byte : word) tokens.push_back(pairs.byte_token()[static_cast<unsigned char>(byte)]);
  return tokens;
}

// Everywhere from the left.
Tokens joined_by(const Tokens& tokens, const Merge& merge) {
  Tokens made;
  for (size_t i = 0; i < tokens.size(); ++i)
    if (i + 1 < tokens.size() && tokens[i] == merge.left && tokens[i + 1] == merge.right)
      made.push_back(merge.made), ++i;
    else
      made.push_back(tokens[i]);
  return made;
}

std::string random_word(std::mt19937& random, int letters, int most) {
  std::string word;
  const int length = 1 + static_cast<int>(random() % static_cast<unsigned>(most));
  for (int i = 0; i < length; ++i) word += static_cast<char>('a' + random() % static_cast<unsigned>(letters));
  return word;
}

// Learning that counts all pairs again after every merge.
std::vector<Merge> learned_plainly(const WordCounts& words, const BytePairs& any, int64_t merges) {
  std::vector<std::pair<Tokens, int64_t>> rows;
  for (const auto& [word, count] : words) rows.emplace_back(bytes_as_tokens(any, word), count);
  std::vector<Merge> made;
  while (static_cast<int64_t>(made.size()) < merges) {
    std::map<std::pair<int64_t, int64_t>, int64_t> counts;
    for (const auto& [tokens, count] : rows)
      for (size_t i = 0; i + 1 < tokens.size(); ++i) counts[{tokens[i], tokens[i + 1]}] += count;
    const auto best = std::max_element(counts.begin(), counts.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (best == counts.end() || best->second < 2) break;  // of equal ones the first, which is lowest
    made.push_back({best->first.first, best->first.second, 256 + static_cast<int64_t>(made.size())});
    for (auto& row : rows) row.first = joined_by(row.first, made.back());
  }
  return made;
}

TEST(BytePairs, LearnThePairsOfSennrichsExample) {
  const BytePairs pairs = learn_byte_pairs({{"low", 5}, {"lower", 2}, {"newest", 6}, {"widest", 3}}, 4);
  const auto token = [&](char byte) { return pairs.byte_token()[static_cast<unsigned char>(byte)]; };
  ASSERT_EQ(pairs.merges().size(), 4u);
  EXPECT_EQ(pairs.merges()[0].left, token('e'));  // es and st, nine times each: e comes before s
  EXPECT_EQ(pairs.merges()[0].right, token('s'));
  EXPECT_EQ(pairs.merges()[1].left, 256);
  EXPECT_EQ(pairs.merges()[1].right, token('t'));
  EXPECT_EQ(pairs.merges()[2].left, token('l'));
  EXPECT_EQ(pairs.merges()[3].right, token('w'));
  EXPECT_EQ(pairs.encode("lowest"), (Tokens{259, 257}));
}

TEST(BytePairs, AreThoseThatCountingAgainFinds) {
  std::mt19937 random(1);
  for (int round = 0; round < 30; ++round) {
    WordCounts words;
    for (int i = 0; i < 40; ++i) words[random_word(random, 1 + round % 4, 12)] += 1 + random() % 5;
    const BytePairs pairs = learn_byte_pairs(words, 60);
    const auto plain = learned_plainly(words, pairs, 60);
    ASSERT_EQ(pairs.merges().size(), plain.size());
    for (size_t i = 0; i < plain.size(); ++i) {
      EXPECT_EQ(pairs.merges()[i].left, plain[i].left) << i;
      EXPECT_EQ(pairs.merges()[i].right, plain[i].right) << i;
    }
  }
}

TEST(BytePairs, EncodeAsMergesOneAfterTheOther) {
  std::mt19937 random(2);
  for (int round = 0; round < 30; ++round) {
    WordCounts words;
    for (int i = 0; i < 30; ++i) words[random_word(random, 3, 10)] += 1;
    const BytePairs pairs = learn_byte_pairs(words, 40);
    for (int i = 0; i < 20; ++i) {
      const std::string word = random_word(random, 3, 30);
      Tokens plain = bytes_as_tokens(pairs, word);
      for (const Merge& merge : pairs.merges()) plain = joined_by(plain, merge);
      EXPECT_EQ(pairs.encode(word), plain) << word;
    }
  }
}

TEST(BytePairs, TakeLongWords) {
  const BytePairs pairs = learn_byte_pairs({{std::string(64, 'a'), 2}}, 6);
  EXPECT_EQ(pairs.encode(std::string(1 << 20, 'a')), Tokens((1 << 20) / 64, 261));
  EXPECT_TRUE(pairs.encode("").empty());
}

TEST(BytePairs, RefuseWhatContradictsItself) {
  const Tokens all(256, 3);
  EXPECT_EQ(refusal([&] { BytePairs(Tokens(3, 0), {}, "[x]"); }),
            "[x]: expected a token for each of 256 bytes but got 3");
  EXPECT_NE(refusal([&] {
              BytePairs(all, {{1, 2, 5}, {1, 2, 6}}, "[x]");
            }).find("merge 1 joins a pair"),
            std::string::npos);
  EXPECT_NE(refusal([&] { BytePairs(all, {{1, -2, 5}}, "[x]"); }).find("got -2"), std::string::npos);
  EXPECT_NE(refusal([&] { BytePairs(Tokens(256, -1), {}, "[x]").encode("a"); }).find("got 0x61"),
            std::string::npos);
}

}  // namespace
}  // namespace steer
