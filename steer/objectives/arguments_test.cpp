#include "steer/objectives/arguments.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

std::vector<Parameter> small_parameters() {
  return {positional(sample_parameter("image", "a picture")), integer_parameter("k", 2, 1, 8, "how many"),
          number_parameter("noise", 0.05, 0, 1, "how noisy"), flag_parameter("on", false, "whether"),
          choice_parameter("distance", {"l2", "l1"}, "which")};
}

Arguments read_arguments(const std::string& words) {
  return Arguments(parse_objective(words).at(0), small_parameters());
}

std::string arguments_refusal(const std::string& words) {
  return refusal([&] { read_arguments(words); });
}

TEST(Arguments, AreFoundByNameAndByPosition) {
  const Arguments arguments = read_arguments("f(x.png, k=3, noise=2.5e-1, on=true)");
  EXPECT_EQ(arguments.text("image"), "x.png");
  EXPECT_EQ(arguments.integer("k"), 3);
  EXPECT_EQ(arguments.number("noise"), 0.25);
  EXPECT_TRUE(arguments.flag("on"));
  EXPECT_TRUE(arguments.has("k"));
  EXPECT_FALSE(arguments.has("distance"));
  EXPECT_EQ(arguments.words(), "f(x.png, k=3, noise=2.5e-1, on=true)");
}

TEST(Arguments, ComeFromTheTableWhereTheyAreLeftOut) {
  const Arguments arguments = read_arguments("f()");
  EXPECT_EQ(arguments.text("image"), "");
  EXPECT_EQ(arguments.integer("k"), 2);
  EXPECT_EQ(arguments.number("noise"), 0.05);
  EXPECT_FALSE(arguments.flag("on"));
  EXPECT_EQ(arguments.text("distance"), "l2");
}

TEST(Arguments, AreRefusedByName) {
  EXPECT_EQ(
      arguments_refusal("f(nose=1)"),
      "[objective] column 3: f has no argument nose; it takes image, k, noise, on, distance; did you mean "
      "noise?");
  EXPECT_EQ(arguments_refusal("f(noise=1, noise=1)"), "[objective] column 12: f got noise twice");
  EXPECT_EQ(arguments_refusal("f(a, image=b)"), "[objective] column 6: f got image twice");
  EXPECT_EQ(arguments_refusal("f(a, b)"),
            "[objective] column 6: f takes 1 argument(s) without a name, then name=value with k, noise, on, "
            "distance, but got b");
}

TEST(Arguments, OfAnotherTypeOrRangeAreRefused) {
  EXPECT_EQ(arguments_refusal("f(k=2.5)"),
            "[objective] column 3: f: expected k as a whole number from 1 to 8 but got 2.5");
  EXPECT_EQ(arguments_refusal("f(k=9)"),
            "[objective] column 3: f: expected k as a whole number from 1 to 8 but got 9");
  EXPECT_EQ(arguments_refusal("f(on=perhaps)"),
            "[objective] column 3: f: expected on as true or false but got perhaps");
  EXPECT_EQ(arguments_refusal("f(distance=l3)"),
            "[objective] column 3: f: expected distance as l2 or l1 but got l3");
  for (const char* words :
       {"f(noise=nan)", "f(noise=inf)", "f(noise=2)", "f(noise=0x1)", "f(noise='')", "f(noise=1s)"})
    EXPECT_NE(arguments_refusal(words), "accepted") << words;
}

TEST(Arguments, ThatAreRequiredMustBeThere) {
  const std::vector<Parameter> parameters = {required(integer_parameter("factor", 2, 2, 8, "of a side"))};
  EXPECT_EQ(refusal([&] { Arguments(parse_objective("f()").at(0), parameters); }),
            "[objective] column 1: f needs the argument factor");
}

TEST(Arguments, MayBeNarrowedByWhatTheirReaderKnows) {
  const Arguments arguments = read_arguments("f(k=5, noise=0.5)");
  EXPECT_EQ(arguments.integer("k", 5), 5);
  EXPECT_EQ(refusal([&] { arguments.integer("k", 4); }),
            "[objective] column 3: f: expected k as a whole number from 1 to 4 but got 5");
  EXPECT_EQ(refusal([&] { arguments.number("noise", 0.75); }),
            "[objective] column 8: f: expected noise as a number from 0.75 to 1 but got 0.5");
}

TEST(Arguments, TakeWordsBesideNumbersWhereTheTableListsThem) {
  Parameter size = integer_parameter("size", 0, 1, 9, "of a side");
  size.choices = {"auto"}, size.otherwise = "auto";
  EXPECT_EQ(Arguments(parse_objective("f(size=auto)").at(0), {size}).text("size"), "auto");
  EXPECT_EQ(Arguments(parse_objective("f()").at(0), {size}).text("size"), "auto");
  EXPECT_EQ(Arguments(parse_objective("f(size=3)").at(0), {size}).integer("size"), 3);
  EXPECT_NE(refusal([&] { Arguments(parse_objective("f(size=wide)").at(0), {size}); }), "accepted");
}

}  // namespace
}  // namespace steer
