#include "steer/text/text_measures.h"

#include <gtest/gtest.h>

#include <cmath>

namespace steer {
namespace {

TEST(TextMeasures, AreWhatTheirNamesSay) {
  const TextMeasures found = text_measures({"aabb", "abcd"}, {"aabb 'tis"});
  EXPECT_NEAR(found.entropy, (1 + 2) / 2.0, 1e-12);
  EXPECT_NEAR(found.distinct, 1, 1e-12);
  EXPECT_NEAR(found.known_words, 0.5, 1e-12);
}

TEST(TextMeasures, RepeatingTextHasFewDifferentGramsAndLittleEntropy) {
  const TextMeasures found = text_measures({std::string(100, 'a')}, {"a"});
  EXPECT_EQ(found.entropy, 0);
  EXPECT_NEAR(found.distinct, 1.0 / 97, 1e-12);
}

TEST(TextMeasures, WordsAreLettersWithApostrophesInside) {
  const TextMeasures found = text_measures({"It's HERE, 'here' and\nthere"}, {"it's here and"});
  EXPECT_NEAR(found.known_words, 3.0 / 5, 1e-12) << "here' and there are new";
}

TEST(TextMeasures, CountCharactersNotBytes) {
  // Two characters of two bytes each, equally often.
  EXPECT_NEAR(text_measures({"\xC3\xA9\xC3\xA8\xC3\xA9\xC3\xA8"}, {}).entropy, 1, 1e-12);
  EXPECT_EQ(text_measures({""}, {}).known_words, 0);
}

}  // namespace
}  // namespace steer
