#include "steer/core/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

namespace steer {
namespace {

using testing::HasSubstr;
using testing::Not;

int64_t count(const std::string& text, char letter) {
  return std::count(text.begin(), text.end(), letter);
}

TEST(DurationText, ReadsAsPeopleSayIt) {
  EXPECT_EQ(duration_text(0.2), "0 s");
  EXPECT_EQ(duration_text(12), "12 s");
  EXPECT_EQ(duration_text(59.6), "1 min 00 s");
  EXPECT_EQ(duration_text(185), "3 min 05 s");
  EXPECT_EQ(duration_text(3599.7), "1 h 00 min");
  EXPECT_EQ(duration_text(3720), "1 h 02 min");
  EXPECT_EQ(duration_text(7199), "2 h 00 min");
  EXPECT_EQ(duration_text(30 * 3600), "30 h 00 min");
  for (double none : {-1.0, std::nan(""), double{INFINITY}}) EXPECT_EQ(duration_text(none), "unknown");
}

TEST(Progress, PlainLinesComeAfterASecondThenEveryFifteenAndAtTheEnd) {
  std::ostringstream out;
  double now = 100;
  Progress progress("train", 60, false, out, "images", [&] { return now; });
  for (int i = 0; i <= 60; ++i, now += 1) progress.update(i, "loss 0.5");
  progress.finish("saved");
  progress.update(60);
  progress.finish();
  EXPECT_EQ(out.str(),
            "train 1%  1 images/s  59 s left  loss 0.5\n"
            "train 26%  1 images/s  44 s left  loss 0.5\n"
            "train 51%  1 images/s  29 s left  loss 0.5\n"
            "train 76%  1 images/s  14 s left  loss 0.5\n"
            "train 100%  0.984 images/s  took 1 min 01 s  saved\n");
}

TEST(Progress, TheTerminalIsRedrawnTenTimesASecondAtMost) {
  std::ostringstream out;
  double now = 0;
  {
    Progress progress("train", 1000, true, out, "steps", [&] { return now; });
    for (int i = 0; i < 1000; ++i, now += 0.001) progress.update(i);
    EXPECT_GE(count(out.str(), '\r'), 9);
    EXPECT_LE(count(out.str(), '\r'), 10);
    EXPECT_EQ(count(out.str(), '\n'), 0);
    EXPECT_THAT(out.str(), HasSubstr("train [##########..........] 50%"));
    EXPECT_THAT(out.str(), HasSubstr("1e+03 steps/s"));
    progress.finish(std::string(300, 'x'));
  }
  EXPECT_EQ(count(out.str(), '\n'), 1);
  EXPECT_LE(out.str().size() - out.str().rfind('\r'), 106u);
}

TEST(Progress, AnAbandonedTerminalLineIsEnded) {
  std::ostringstream out;
  { Progress("train", 10, true, out).update(1); }
  EXPECT_EQ(out.str().back(), '\n');
  std::ostringstream nothing;
  { Progress("train", 10, true, nothing); }
  EXPECT_EQ(nothing.str(), "");
}

TEST(Progress, AResumedRunCountsItsOwnWorkOnly) {
  std::ostringstream out;
  double now = 0;
  Progress progress("train", 2000, false, out, "steps", [&] { return now; });
  progress.update(1000);
  now = 20;
  progress.update(1040);
  EXPECT_EQ(out.str(), "train 52%  2 steps/s  8 min 00 s left\n");
}

TEST(Progress, WithoutATotalItCounts) {
  std::ostringstream out;
  double now = 0;
  Progress progress("sample", 0, false, out, "images", [&] { return now; });
  progress.update(0);
  now = 30;
  progress.update(1200000);
  EXPECT_EQ(out.str(), "sample 1.2e+06 images  4e+04 images/s\n");
  EXPECT_THAT(out.str(), Not(HasSubstr("left")));
}

}  // namespace
}  // namespace steer
