#include "steer/core/json_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/core/json.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

using testing::HasSubstr;

const char* const kText =
    R"({"flag": true, "whole": 3, "real": 0.5, "word": "x", "list": [1, 2.5], "object": {"a": 1}, "none": null})";

TEST(JsonFields, AreReadAsTheTypeWanted) {
  const Json json = parse_json(kText, "f.json");
  EXPECT_TRUE(field<bool>(json, "flag", "f.json"));
  EXPECT_EQ(field<int64_t>(json, "whole", "f.json"), 3);
  EXPECT_EQ(field<double>(json, "real", "f.json"), 0.5);
  EXPECT_EQ(field<std::string>(json, "word", "f.json"), "x");
  EXPECT_EQ(numbers_field(json, "list", "f.json"), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(object_field(json, "object", "f.json").dump(), R"({"a":1})");
  EXPECT_EQ(field_or<int64_t>(json, "missing", 7, "f.json"), 7);
  EXPECT_EQ(field_or<std::string>(json, "none", "y", "f.json"), "y");
}

TEST(JsonFields, OfOtherTypesAreRefusedWithFileAndKey) {
  const Json json = parse_json(kText, "f.json");
  const auto expect = [](const std::string& fault, const std::string& part) {
    EXPECT_THAT(fault, testing::AllOf(HasSubstr("f.json: expected "), HasSubstr(part)));
  };
  expect(refusal([&] { field<bool>(json, "whole", "f.json"); }), "true or false for whole but got 3");
  expect(refusal([&] { field<int64_t>(json, "real", "f.json"); }), "an integer for real but got 0.5");
  expect(refusal([&] { field<std::string>(json, "object", "f.json"); }), "a string for object");
  expect(refusal([&] { field<int64_t>(json, "missing", "f.json"); }), "a value for missing but got none");
  expect(refusal([&] { field<int64_t>(json, "none", "f.json"); }), "a value for none");
  expect(refusal([&] { field_or<double>(json, "word", 1, "f.json"); }), "a number for word");
  expect(refusal([&] { object_field(json, "list", "f.json"); }), "an object for list");
  expect(refusal([&] { array_field(json, "object", "f.json"); }), "an array for object");
  expect(refusal([&] { numbers_field(Json{{"list", {1, "x"}}}, "list", "f.json"); }), "for list[1]");
  for (const char* other : {"[]", "3", "\"x\"", "null"})
    expect(refusal([&] { field_or<int64_t>(parse_json(other, ""), "whole", 1, "f.json"); }),
           "an object with whole");
}

}  // namespace
}  // namespace steer
