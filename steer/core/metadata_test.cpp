#include "steer/core/metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/core/json.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

using testing::HasSubstr;

TEST(Metadata, IsReadAsWhatItMustBe) {
  const std::map<std::string, std::string> words = {
      {"a", "x"}, {"b", "0.5"}, {"c", "12"}, {"d", "{\"k\":1}"}};
  const Metadata metadata(words, "[load] f");
  EXPECT_TRUE(metadata.has("a"));
  EXPECT_FALSE(metadata.has("z"));
  EXPECT_EQ(metadata.text("a"), "x");
  EXPECT_EQ(metadata.number("b"), 0.5);
  EXPECT_EQ(metadata.count("c"), 12);
  EXPECT_EQ(metadata.json("d")["k"], 1);
}

TEST(Metadata, RefusesOtherWordsWithTheirKey) {
  for (const char* word : {"", "x", "1x", "nan", "inf", "1e999"}) {
    const std::map<std::string, std::string> words = {{"k", word}};
    EXPECT_THAT(refusal([&] { Metadata(words, "[load] f").number("k"); }),
                HasSubstr("[load] f: expected a number as metadata \"k\""))
        << word;
  }
  // None of these is a 64-bit count: as one they would be undefined.
  for (const char* word : {"-1", "0.5", "1e17", "9e300"}) {
    const std::map<std::string, std::string> words = {{"k", word}};
    EXPECT_THAT(refusal([&] { Metadata(words, "[load] f").count("k"); }), HasSubstr("a whole number from 0"))
        << word;
  }
  const std::map<std::string, std::string> words = {{"k", "{"}};
  EXPECT_THAT(refusal([&] { Metadata(words, "[load] f").json("k"); }), HasSubstr("[load] f: metadata \"k\""));
  EXPECT_THAT(refusal([&] { Metadata(words, "[load] f").text("z"); }),
              HasSubstr("metadata \"z\" but got none"));
}

}  // namespace
}  // namespace steer
