#include "steer/work/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using ::testing::HasSubstr;

const Json kConditions = {{"seed", 0}, {"samples", 2}};

TEST(Journal, GivesBackWhatAnEarlierRunWroteUnderTheSameConditions) {
  const TemporaryFolder folder;
  const JournalOptions options{folder / "a.jsonl", "search", kConditions, {}};
  {
    Journal journal(options);
    EXPECT_TRUE(journal.entries().empty());
    journal.add({{"values", {0.1, 1.0 / 3}}}, {{"metric", 2.5}});
    EXPECT_EQ((*journal.find({{"values", {0.1, 1.0 / 3}}}))["metric"], 2.5);
  }
  {
    Journal again(options);
    ASSERT_EQ(again.entries().size(), 1u);
    EXPECT_EQ((*again.find({{"values", {0.1, 1.0 / 3}}}))["metric"], 2.5);
    EXPECT_FALSE(again.find({{"values", {0.1}}}));
    again.add("b", Json::object());
    EXPECT_THAT(refusal([&] { Journal beside(options); }), HasSubstr("another process is at work"));
  }
  EXPECT_EQ(Journal(options).entries().size(), 2u);
}

TEST(Journal, WritesOverALineThatWasCutOff) {
  const TemporaryFolder folder;
  const std::string path = folder.put("a.jsonl", "{\"key\":1,\"metric\":2}\n{\"key\":2,\"met");
  {
    Journal journal({path, "compare", Json(), {}});
    EXPECT_EQ(journal.entries().size(), 1u);
    journal.add(2, {{"metric", 3}});
  }
  EXPECT_EQ(read_file(path), "{\"key\":1,\"metric\":2}\n{\"key\":2,\"metric\":3}\n");
}

TEST(Journal, ReadsTrialsWhoseFirstLineIsTheConditionsAndWhoseKeyIsTwoFields) {
  const TemporaryFolder folder;
  const std::string path =
      folder.put("a.jsonl",
                 "{\"seed\":0,\"samples\":2}\n"
                 "{\"values\":[0.5,1.0],\"samples\":2,\"metric\":null,\"figures\":{}}\n");
  const Journal journal({path, "search", kConditions, {"values", "samples"}});
  ASSERT_EQ(journal.entries().size(), 1u);
  const Json* result = journal.find({{"values", {0.5, 1.0}}, {"samples", 2}});
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, Json({{"metric", nullptr}, {"figures", Json::object()}}));
}

TEST(Journal, RefusesResultsOfOtherConditionsAndSaysWhich) {
  const TemporaryFolder folder;
  JournalOptions options{folder / "a.jsonl", "search", kConditions, {}};
  { Journal first(options); }
  options.conditions["samples"] = 3;
  EXPECT_THAT(refusal([&] { Journal journal(options); }),
              HasSubstr("another search: samples was 2 but is 3 now"));
  options.conditions = {{"seed", 0}};
  EXPECT_THAT(refusal([&] { Journal journal(options); }), HasSubstr("its samples was 2"));
  folder.put("b.jsonl", "[1]\n");
  EXPECT_THAT(refusal([&] {
                Journal journal({folder / "b.jsonl", "compare", Json(), {}});
              }),
              HasSubstr("b.jsonl"));
  folder.put("c.jsonl", "{\"metric\":2}\n");
  EXPECT_THAT(refusal([&] {
                Journal journal({folder / "c.jsonl", "compare", Json(), {}});
              }),
              HasSubstr("expected results of a compare"));
}

TEST(Journal, OptionsThatCameLaterCountWhereTheyAreOn) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.jsonl";
  const Json then = {{"task", {{"strength", 2}}}};
  Journal({path, "search", then, {}}).add(1, {{"value", 3}});
  EXPECT_EQ(Journal({path, "search", {{"task", {{"strength", 2}, {"reach", 0}}}}, {}}).entries().size(), 1u);
  EXPECT_THROW(Journal({path, "search", {{"task", {{"strength", 2}, {"reach", 1}}}}, {}}), Error);
  EXPECT_THROW(Journal({path, "search", {{"task", Json::object()}}, {}}), Error);
}

}  // namespace
}  // namespace steer
