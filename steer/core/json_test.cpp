#include "steer/core/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include "steer/core/check.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

using testing::HasSubstr;

std::string json_refusal(const std::string& text) {
  const std::string fault = refusal([&] { parse_json(text, "x.json"); });
  if (fault != "accepted") {
    EXPECT_THAT(fault, HasSubstr("[json] x.json: expected "));
  }
  return fault;
}

TEST(Json, KeepsTheOrderOfKeys) {
  EXPECT_EQ(parse_json(R"({"b": 1, "a": {"d": 2, "c": 3}})", "").dump(), R"({"b":1,"a":{"d":2,"c":3}})");
}

TEST(Json, FaultsAreNamedWithTheirPlace) {
  EXPECT_THAT(json_refusal("{\n  \"a\": 1,\n  b\n}"), HasSubstr("line 3, column 3"));
  EXPECT_THAT(json_refusal(""), HasSubstr("line 1"));
  EXPECT_THAT(json_refusal("{} x"), HasSubstr("line 1, column 4"));
  EXPECT_THAT(json_refusal("\"\xff\""), HasSubstr("UTF-8"));
  EXPECT_THAT(json_refusal(std::string("{}\0 x", 5)), HasSubstr("a zero byte at 2"));
  EXPECT_THAT(json_refusal("1e999"), HasSubstr("overflow"));
}

TEST(Json, KeysGivenTwiceAreRefusedInTheSameObjectOnly) {
  EXPECT_THAT(json_refusal(R"({"a": {"b": 1, "b": 2}})"), HasSubstr("\"b\" twice"));
  EXPECT_EQ(json_refusal(R"({"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]})"), "accepted");
}

TEST(Json, DeepNestingIsRefusedWithoutACrash) {
  EXPECT_THAT(json_refusal(std::string(3000000, '[')), HasSubstr("nesting"));
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  EXPECT_THAT(json_refusal(objects), HasSubstr("nesting"));
  EXPECT_EQ(json_refusal(std::string(64, '[') + std::string(64, ']')), "accepted");
  EXPECT_THAT(json_refusal(std::string(65, '[') + std::string(65, ']')), HasSubstr("64 levels"));
}

TEST(Json, TakesTimeInProportionToItsKeys) {
  // A parser that looks at all keys again for each inner object takes minutes for these.
  std::string text = "{";
  for (int i = 0; i < 200000; ++i) text += joined(i ? "," : "", "\"t", i, "\":{\"a\":[]}");
  text += "}";
  const std::clock_t begin = std::clock();  // processor time: others may be at work
  EXPECT_EQ(parse_json<nlohmann::json>(text, "x.json").size(), 200000u);
  EXPECT_EQ(parse_json<Json>(text, "x.json").size(), 200000u);
  EXPECT_LT((std::clock() - begin) / CLOCKS_PER_SEC, 20);
}

TEST(Json, KeepsEveryKindOfValue) {
  const std::string text =
      R"({"a":[null,true,-3,18446744073709551615,0.25,"x",{},[]],"b":{"c":{"d":[[1]]}}})";
  EXPECT_EQ(parse_json<Json>(text, "x.json").dump(), text);
  EXPECT_EQ(parse_json<nlohmann::json>(text, "x.json").dump(), text);
  for (const char* alone : {"3", "\"x\"", "null", "[]", "{}"})
    EXPECT_EQ(parse_json(alone, "x.json").dump(), alone);
}

TEST(Json, TextInQuotesStaysOnOneLine) {
  EXPECT_EQ(in_quotes("a\nb"), "\"a\\nb\"");
  EXPECT_EQ(in_quotes(std::string(100, 'x')), "\"" + std::string(60, 'x') + "...\"");
  EXPECT_EQ(in_quotes("\xff"), "\"\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace steer
