#include "steer/picture/colour.h"

#include <gmock/gmock.h>

#include "steer/testing/refusal.h"

namespace steer {
namespace {

TEST(ColourWords, NamesAndHexadecimalDigits) {
  EXPECT_EQ(colour_of("white"), kWhite);
  EXPECT_EQ(colour_of("black"), (Colour{0, 0, 0}));
  EXPECT_EQ(colour_of("#20fF07"), (Colour{32, 255, 7}));
  for (const char* words : {"", "red", "#fff", "#20ff0g", "20ff07", "#20ff071"})
    EXPECT_THAT(refusal([&] { colour_of(words); }), testing::HasSubstr("or #rrggbb but got")) << words;
}

}  // namespace
}  // namespace steer
