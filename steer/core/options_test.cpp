#include "steer/core/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using testing::HasSubstr;

struct InnerOptions {
  int64_t layers = 3;
  std::vector<int64_t> widths = {64, 32};
  void fields(OptionFields& f) {
    f("layers", layers, "number of layers");
    f("widths", widths, "channels at each size");
  }
};

struct OuterOptions {
  double rate = 0.5;
  bool fast = false;
  std::string name = "ddn";
  InnerOptions model;
  void fields(OptionFields& f) {
    f("rate", rate, "learning rate");
    f("fast", fast, "less exact");
    f("model", model, "the network");
    f("name", name, "family");
  }
};

std::string options_refusal(const Json& json) {
  OuterOptions options;
  const std::string fault = refusal([&] { read_options(options, json, "c.json"); });
  // A refusal leaves the options as they were.
  if (fault != "accepted") {
    EXPECT_EQ(options_json(options), options_json(OuterOptions()));
  }
  return fault;
}

struct RangedOptions {
  double share = 0.5;
  int64_t count = 3;
  std::vector<int64_t> sides = {1, 2};
  InnerOptions model;
  void fields(OptionFields& f) {
    f("share", share, "of all", from_below(0, 1));
    f("count", count, "of them", at_least(1));
    f("sides", sides, "of squares", from_to(1, 8));
    f("model", model, "the network");
  }
};

TEST(OptionRanges, AreCheckedByReadingAndNamed) {
  const auto fault = [](const Json& json) {
    RangedOptions options;
    return refusal([&] { read_options(options, json, "c.json"); });
  };
  EXPECT_EQ(fault({{"share", 0}, {"count", 1}, {"sides", {8, 1}}}), "accepted");
  EXPECT_EQ(fault({{"share", 1}}), "[options] c.json: expected 0 up to but not 1 for share but got 1");
  EXPECT_EQ(fault({{"count", 0}}), "[options] c.json: expected at least 1 for count but got 0");
  EXPECT_EQ(fault({{"sides", {4, 9}}}), "[options] c.json: expected 1 to 8 for sides but got 9");
  RangedOptions options;
  options.count = -2;
  EXPECT_EQ(refusal([&] { check_options(options, "here"); }),
            "[options] here: expected at least 1 for count but got -2");
  options.count = 2, options.share = std::nan("");
  EXPECT_THAT(refusal([&] { check_options(options, "here"); }), HasSubstr("for share"));
  EXPECT_EQ(text_of(more_than(0.5)), "above 0.5");
}

std::string set_refusal(Json json, const std::string& assignment) {
  return refusal([&] { apply_set(json, assignment); });
}

TEST(Options, JsonHoldsEveryFieldInOrder) {
  EXPECT_EQ(options_json(OuterOptions()).dump(),
            R"({"rate":0.5,"fast":false,"model":{"layers":3,"widths":[64,32]},"name":"ddn"})");
}

TEST(Options, ReadingLaysJsonOverPresentValues) {
  OuterOptions options;
  options.name = "kept";
  read_options(options, Json::parse(R"({"rate": 2, "model": {"widths": [1, 2e0, 3]}})"), "");
  EXPECT_EQ(options.rate, 2.0);
  EXPECT_EQ(options.name, "kept");
  EXPECT_EQ(options.model.layers, 3);
  EXPECT_EQ(options.model.widths, (std::vector<int64_t>{1, 2, 3}));
  OuterOptions again;
  read_options(again, options_json(options), "");
  EXPECT_EQ(options_json(again), options_json(options));
}

struct WordOptions {
  std::vector<std::string> words = {"a", "b"};
  void fields(OptionFields& f) { f("words", words, "some words"); }
};

TEST(Options, AListOfStringsIsAField) {
  WordOptions options;
  EXPECT_EQ(options_json(options).dump(), R"({"words":["a","b"]})");
  read_options(options, Json::parse(R"({"words": ["c"]})"), "");
  EXPECT_EQ(options.words, (std::vector<std::string>{"c"}));
  EXPECT_THROW(read_options(options, Json::parse(R"({"words": "c"})"), ""), Error);
  EXPECT_THROW(read_options(options, Json::parse(R"({"words": ["c", 1]})"), ""), Error);
  EXPECT_EQ(options.words, (std::vector<std::string>{"c"}));
}

TEST(Options, UnknownKeysAreRefusedWithPathAndNearestName) {
  EXPECT_EQ(options_refusal({{"model", {{"layer", 1}}}}),
            "[options] c.json: expected a known option but got \"model.layer\"; did you mean model.layers?");
  EXPECT_EQ(options_refusal({{"zebra", 1}}),
            "[options] c.json: expected a known option but got \"zebra\"; known: rate, fast, model, name");
}

TEST(Options, WrongTypesAreRefusedWithPathAndWhatCame) {
  const std::vector<std::pair<Json, std::string>> table = {
      {{{"rate", "x"}}, "a number for rate but got the string \"x\""},
      {{{"rate", nullptr}}, "a number for rate but got null"},
      {{{"fast", 1}}, "true or false for fast but got 1"},
      {{{"name", 1.5}}, "a string for name but got 1.5"},
      {{{"model", 3}}, "an object for model but got 3"},
      {{{"model", {{"layers", 1.5}}}}, "an integer for model.layers but got 1.5"},
      {{{"model", {{"layers", true}}}}, "an integer for model.layers but got true"},
      {{{"model", {{"layers", 1e30}}}}, "an integer for model.layers but got 1e+30"},
      {{{"model", {{"layers", UINT64_MAX}}}}, "for model.layers but got 18446744073709551615"},
      {{{"model", {{"widths", 4}}}}, "an array of integers for model.widths but got 4"},
      {{{"model", {{"widths", Json::array({1, "a"})}}}},
       "an integer for model.widths[1] but got the string \"a\""},
      {Json::array(), "expected an object but got an array"},
  };
  for (const auto& [json, text] : table) {
    EXPECT_THAT(options_refusal(json), HasSubstr(text));
    EXPECT_THAT(options_refusal(json), HasSubstr("[options] c.json: expected "));
  }
}

TEST(Options, IntegersMayBeWrittenWithAnExponent) {
  OuterOptions options;
  read_options(options, Json::parse(R"({"model": {"layers": 1e6}})"), "");
  EXPECT_EQ(options.model.layers, 1000000);
}

TEST(Options, HelpAlignsPathValueAndMeaning) {
  EXPECT_EQ(options_help(OuterOptions()),
            "rate          0.5      learning rate\n"
            "fast          false    less exact\n"
            "model.layers  3        number of layers\n"
            "model.widths  [64,32]  channels at each size\n"
            "name          \"ddn\"    family\n");
}

TEST(Options, SetTakesJsonAndOtherwiseText) {
  Json json;
  for (const char* assignment : {"a.b=3", "a.c=x=y", "d=[1,2]", "e=", "a.b=true", "f=\"7\""})
    apply_set(json, assignment);
  EXPECT_EQ(json.dump(), R"({"a":{"b":true,"c":"x=y"},"d":[1,2],"e":"","f":"7"})");
}

TEST(Options, SetRefusesWhatNamesNoValue) {
  EXPECT_THAT(set_refusal({}, "rate"), HasSubstr("expected name=value"));
  for (const char* assignment : {"=1", ".a=1", "a.=1", "a..b=1"})
    EXPECT_THAT(set_refusal({}, assignment), HasSubstr("an empty one")) << assignment;
  EXPECT_EQ(set_refusal({{"a", {{"b", 1}}}}, "a.b.c=2"),
            "[set] \"a.b.c=2\": expected an object at \"a.b\" but got 1");
  EXPECT_THAT(set_refusal({}, "a=\xff"), HasSubstr("UTF-8"));
}

TEST(Options, FilesAreRefusedWithLineAndColumn) {
  const TemporaryFolder folder;
  write_file(folder / "c.json", "{\"rate\": 1,\n\"fast\" true}");
  EXPECT_THAT(refusal([&] { read_json_file(folder / "c.json"); }),
              HasSubstr("c.json: expected JSON but got parse error at line 2, column 11"));
  EXPECT_THROW(read_json_file(folder / "none.json"), Error);
  write_file(folder / "c.json", "{\"rate\": 1}");
  EXPECT_EQ(read_json_file(folder / "c.json"), Json({{"rate", 1}}));
}

TEST(NearestName, FindsMisspellingsAndNothingElse) {
  const std::vector<std::string> known = {"inpaint", "label", "super_resolve", "k"};
  EXPECT_EQ(nearest_name("inpiant", known), "inpaint");
  EXPECT_EQ(nearest_name("Label", known), "label");
  EXPECT_EQ(nearest_name("superresolve", known), "super_resolve");
  EXPECT_EQ(nearest_name("zebra", known), "");
  EXPECT_EQ(nearest_name("x", known), "");
  EXPECT_EQ(nearest_name("", known), "");
}

}  // namespace
}  // namespace steer
