#include "steer/picture/lettering.h"

#include <gtest/gtest.h>

#include "steer/testing/refusal.h"

namespace steer {
namespace {

LetterCell plain(const std::string& letter) {
  return {letter, LetterCell::kPlain};
}

// The ink in one cell, 0 for none.
double ink(const Tensor& picture, int64_t row, int64_t column) {
  return (1 - picture.narrow(1, 6 + 17 * row, 17).narrow(2, 8 + 8 * column, 8)).sum().item<double>();
}

TEST(Lettering, PutsEachLetterIntoItsCell) {
  const Tensor picture = lettered({{plain("A"), plain(""), plain("\xC3\xA9")}, {plain("i")}}, 4, 3);
  EXPECT_EQ(picture.sizes(), (std::vector<int64_t>{3, 3 * 17 + 12, 4 * 8 + 16}));
  EXPECT_LE(picture.abs().max().item<double>(), 1);
  EXPECT_GT(ink(picture, 0, 0), 10);
  EXPECT_EQ(ink(picture, 0, 1), 0);
  EXPECT_GT(ink(picture, 0, 2), 10);
  EXPECT_GT(ink(picture, 1, 0), 5);
  EXPECT_EQ(ink(picture, 1, 1), 0);
  EXPECT_EQ(ink(picture, 2, 0), 0);
}

TEST(Lettering, ShowsWhatIsHiddenAsABlock) {
  EXPECT_GT(ink(lettered({{{"", LetterCell::kHidden}}}, 1, 1), 0, 0), 40);
}

TEST(Lettering, LeavesOutWhatDoesNotFit) {
  const LetterLines lines = {{plain("a"), plain("b")}, {plain("c")}};
  EXPECT_TRUE(lettered(lines, 1, 1).equal(lettered({{plain("a")}}, 1, 1)));
  EXPECT_EQ(refusal([&] { lettered(lines, 0, 1); }),
            "[lettering] expected 1 to 4096 columns and rows but got 0 and 1");
}

}  // namespace
}  // namespace steer
