#include "steer/text/utf8.h"

#include <gtest/gtest.h>

#include "steer/testing/refusal.h"
#include "steer/text/byte_letters.h"

namespace steer {
namespace {

TEST(Utf8, EveryCodePointComesBack) {
  for (char32_t value = 0; value <= 0x10FFFF; value += value < 0x900 ? 1 : 0x1F) {
    if (value >= 0xD800 && value < 0xE000) continue;
    const std::string text = "a" + utf8_of(value) + "z";
    const auto points = code_points(text, "x");
    ASSERT_EQ(points.size(), 3u) << static_cast<uint32_t>(value);
    EXPECT_TRUE(points[1].value == value);
    EXPECT_EQ(points[1].at, 1u);
    EXPECT_EQ(points[1].bytes, text.size() - 2);
  }
}

TEST(Utf8, WhatIsNoneIsRefusedWithItsPlace) {
  const std::vector<std::string> wrong = {
      "\x80",
      "\xC3",
      "\xC0\x80",
      "\xE0\x9F\xBF",
      "\xED\xA0\x80",
      "\xF0\x8F\xBF\xBF",
      "\xF4\x90\x80\x80",
      "\xF5\x80\x80\x80",
      "\xE2\x82",
      "\xE2\x28\xA1",
  };
  for (const std::string& bytes : wrong)
    EXPECT_NE(refusal([&] {
                code_points("ab" + bytes, "[text] f.txt");
              }).find("[text] f.txt: expected UTF-8 text but byte 2 is 0x"),
              std::string::npos);
}

TEST(ByteLetters, AreThoseOfGpt2) {
  EXPECT_EQ(letters_of(" a\n"),
            "\xC4\xA0"
            "a"
            "\xC4\x8A");  // U+0120, a, U+010A
  EXPECT_EQ(letters_of(std::string("\0\x7F\xAD\xFF", 4)), "\xC4\x80\xC4\xA1\xC5\x83\xC3\xBF");
  EXPECT_EQ(bytes_by_letter()[0], '!');
  EXPECT_EQ(bytes_by_letter()[187], 0xFF);
  EXPECT_EQ(bytes_by_letter()[188], 0);
  EXPECT_EQ(bytes_by_letter()[220], ' ');
  EXPECT_EQ(bytes_by_letter()[255], 0xAD);
}

TEST(ByteLetters, ComeBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(bytes_of_letters(letters_of(all), "x"), all);
  EXPECT_EQ(refusal([] { bytes_of_letters("a b", "[text] v.json"); }),
            "[text] v.json: expected letters of bytes but got U+0020");
  EXPECT_NE(refusal([] { bytes_of_letters("\xC5\x84", "x"); }).find("U+0144"), std::string::npos);
}

}  // namespace
}  // namespace steer
