#include "steer/core/seed_list.h"

#include <gmock/gmock.h>

#include "steer/testing/refusal.h"

namespace steer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string list_refusal(const std::string& text) {
  return refusal([&] { parse_seed_list(text); });
}

TEST(SeedList, NumbersAndRangesKeepTheirOrder) {
  EXPECT_THAT(parse_seed_list("5"), ElementsAre(5));
  EXPECT_THAT(parse_seed_list("3,7,20:24"), ElementsAre(3, 7, 20, 21, 22, 23));
  EXPECT_THAT(parse_seed_list("9,3,3,2:5,3"), ElementsAre(9, 3, 3, 2, 3, 4, 3));
}

TEST(SeedList, EveryInt64IsASeed) {
  EXPECT_THAT(parse_seed_list("-2:1,-7"), ElementsAre(-2, -1, 0, -7));
  EXPECT_THAT(parse_seed_list("-9223372036854775808,9223372036854775807"), ElementsAre(INT64_MIN, INT64_MAX));
  EXPECT_THAT(parse_seed_list("9223372036854775805:9223372036854775807"),
              ElementsAre(INT64_MAX - 2, INT64_MAX - 1));
}

TEST(SeedList, WhatIsNoListIsRefused) {
  EXPECT_EQ(list_refusal("3,x"),
            "[seed] expected numbers and ranges as 3,7,20:30 but got \"x\"; 20:30 is 20 to 29");
  EXPECT_THAT(list_refusal(""), HasSubstr("but got \"\""));
  EXPECT_THAT(list_refusal("3,,7"), HasSubstr("but got \"3,,7\""));
  for (const char* text : {",", "3,", ",3", "3-7", "1.5", "1e3", "+1", "3, 4", " 3", "3\n", ":", "3:", ":3",
                           "1:2:3", "0x10", "--1", "9223372036854775808", "\xff"})
    EXPECT_THAT(list_refusal(text), HasSubstr("[seed] expected numbers and ranges")) << text;
}

TEST(SeedList, RangesOfNothingAreRefused) {
  for (const char* text : {"20:20", "30:20", "0:-1", "9223372036854775807:-9223372036854775808"})
    EXPECT_THAT(list_refusal(joined("3,", text)), HasSubstr(joined("20 to 29, but got \"", text, "\"")));
}

TEST(SeedList, MoreThanTheMostAreRefused) {
  EXPECT_EQ(parse_seed_list("0:100000").size(), 100000u);
  for (const char* text : {"0:100001", "7,0:100000", "0:100000,7", "0:50000,0:50001",
                           "-9223372036854775808:9223372036854775807"})
    EXPECT_EQ(list_refusal(text),
              joined("[seed] expected at most 100000 seeds but got more in \"", text, "\""));
}

TEST(SeedList, ASingleSeedCountsOn) {
  EXPECT_EQ(seeds_for({7}, 3), (std::vector<int64_t>{7, 8, 9}));
  EXPECT_EQ(seeds_for({3, 7, 20}, 3), (std::vector<int64_t>{3, 7, 20}));
  EXPECT_EQ(seeds_for({-1}, 2), (std::vector<int64_t>{-1, 0}));
  EXPECT_EQ(refusal([] {
              seeds_for({1, 2}, 3);
            }),
            "[seed] expected one seed, or 3, one for each sample, but got 2");
  EXPECT_THAT(refusal([] { seeds_for({}, 1); }), HasSubstr("but got 0"));
  EXPECT_THAT(refusal([] { seeds_for({1}, 0); }), HasSubstr("at least one sample"));
}

TEST(SeedPath, TheNumberStandsForSeed) {
  EXPECT_EQ(seed_path("out/{seed}.png", 12), "out/12.png");
  EXPECT_EQ(seed_path("{seed}/{seed}{seed}", -3), "-3/-3-3");
  EXPECT_EQ(seed_path("out/a.png", 12), "out/a.png");
  EXPECT_EQ(seed_path("", 12), "");
}

TEST(SeedPath, OtherBracesAreRefused) {
  for (const char* pattern :
       {"{index}.png", "{}.png", "{seed", "seed}", "{Seed}", "{{seed}}", "{seed}{", "{seed:03}"})
    EXPECT_EQ(refusal([&] { seed_path(pattern, 1); }),
              joined("[seed] expected a path with no braces but those of {seed} but got \"", pattern, "\""));
}

}  // namespace
}  // namespace steer
