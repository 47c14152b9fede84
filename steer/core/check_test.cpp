#include "steer/core/check.h"

#include <gtest/gtest.h>

namespace steer {
namespace {

TEST(ErrorText, IsOneLineThatAUserCanRead) {
  EXPECT_STREQ(Error("a\nb\tc\x1b[2Jd\x7f").what(), "a b c\\x1b[2Jd\\x7f");
  EXPECT_STREQ(Error("gr\xc3\xbc\xc3\x9f").what(), "gr\xc3\xbc\xc3\x9f");
  const std::string what = Error("[x] " + std::string(100000, 'y') + " end").what();
  EXPECT_EQ(what.size(), kLongestError);
  EXPECT_EQ(what.substr(0, 5), "[x] y");
  EXPECT_EQ(what.substr(what.size() - 5), "y end");
}

}  // namespace
}  // namespace steer
