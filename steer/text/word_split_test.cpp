#include "steer/text/word_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/testing/refusal.h"

namespace steer {
namespace {

using testing::ElementsAre;

std::vector<std::string> cut(const std::string& text, const std::string& pattern = kGpt2Words) {
  std::vector<std::string> words;
  WordSplit(pattern).cut(text, [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

TEST(WordSplit, CutsAsGpt2) {
  EXPECT_THAT(cut("We'll see: it's 2 words,\n\n  don't"),
              ElementsAre("We", "'ll", " see", ":", " it", "'s", " 2", " words", ",", "\n\n ", " don", "'t"));
  EXPECT_THAT(cut("caf\xC3\xA9s \xD0\xB4\xD0\xB0 x\xC2\xB2  "),
              ElementsAre("caf\xC3\xA9s", " \xD0\xB4\xD0\xB0", " x", "\xC2\xB2", "  "));
  EXPECT_TRUE(cut("").empty());
}

TEST(WordSplit, KeepsWhatMatchesNothing) {
  EXPECT_THAT(cut("a1b", "[0-9]"), ElementsAre("a", "1", "b"));
  EXPECT_THAT(cut("ab\xFF"
                  "cd\xFE"),
              ElementsAre("ab", "\xFF", "cd", "\xFE"));
  EXPECT_THAT(cut("aab", "a*?"), ElementsAre("a", "a", "b"));  // a match of nothing would never end
}

TEST(WordSplit, RefusesWhatIsNoExpressionOrTakesForever) {
  EXPECT_NE(
      refusal([] { WordSplit("a("); }).find("[text] expected a regular expression but got \"a(\": at byte 2"),
      std::string::npos);
  EXPECT_NE(refusal([] { cut(std::string(40, 'a') + "b", "^(a|aa)+$"); }).find("match limit exceeded"),
            std::string::npos);
}

}  // namespace
}  // namespace steer
