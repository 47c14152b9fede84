#include "steer/work/comparing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "steer/core/files.h"
#include "steer/core/json_lines.h"
#include "steer/core/options.h"
#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<Contestant> small_contestants() {
  std::vector<Contestant> contestants(2);
  contestants[0].name = "ddn", contestants[0].loaded.model = small_ddn("pyramid");
  contestants[1].name = "edm", contestants[1].loaded.model = small_diffusion("edm");
  return contestants;
}

// Methods of each kind: of one family, of both, searched, failing, unguided.
Json small_tasks() {
  Json methods = Json::object();
  methods["greedy"] = {{"family", "ddn"}};
  methods["particles"] = {{"particles", 2}};
  methods["tfg"] = {{"method", "tfg"}, {"sampler", {{"levels", {{"steps", 2}}}}}};
  methods["fails"] = {{"method", "svdd"}, {"sampler", {{"solver", {{"name", "heun"}}}}}};
  methods["unguided"] = {{"method", "unguided"}};
  Json task = {{"name", "bright"}, {"objective", "gaussian(mean=0.3)"}, {"count", 3}};
  return {{"tasks", Json::array({task})}, {"methods", methods}, {"search", 2}, {"search_samples", 2}};
}

ComparingOptions small_comparison(const TemporaryFolder& folder, const Json& tasks = small_tasks()) {
  ComparingOptions options;
  options.plan = read_comparison(folder.put("tasks.json", tasks.dump()));
  options.out = folder / "report";
  return options;
}

TEST(Compare, RunsEachMethodWithEveryModelThatTakesItsSettings) {
  const TemporaryFolder folder;
  const auto contestants = small_contestants();
  const ComparingOptions options = small_comparison(folder);
  const Compared compared = compare(contestants, options, torch::kCPU);
  ASSERT_EQ(compared.tables.size(), 1u);
  const ComparedTable& table = compared.tables[0];
  EXPECT_THAT(table.columns, ElementsAre("diversity", "score", "seconds", "evaluations"));
  std::vector<std::string> rows;
  for (const ComparedRow& row : table.rows) {
    rows.push_back(row.run + " " + row.method);
    EXPECT_EQ(row.failed, row.method == "fails") << row.setting;
    EXPECT_EQ(row.failed, row.picture.empty());
    EXPECT_EQ(std::filesystem::is_regular_file(options.out + "/" + row.picture), !row.failed);
  }
  EXPECT_THAT(rows, ElementsAre("ddn greedy", "ddn particles", "ddn unguided", "edm particles", "edm tfg",
                                "edm fails", "edm unguided"));
  // Guidance by the objective beats none.
  EXPECT_GT(table.rows[0].figures["score"], table.rows[2].figures["score"]);
  EXPECT_THAT(table.rows[0].setting, HasSubstr("the best 1 candidates"));
  // Unguided samples take the sampler of guided ones.
  EXPECT_EQ(table.rows[6].figures["evaluations"], 50);
  int64_t best = 0;
  for (const auto& cells : table_of(table).rows)
    for (const ReportCell& cell : cells) best += cell.best;
  EXPECT_EQ(best, 1);
  EXPECT_THAT(read_file(compared.page), HasSubstr("task1_edm_tfg.png"));
  EXPECT_EQ(compared.figures.size(), 7u);
  // Every guided result that worked has a few unguided samples beside it.
  for (const Json& line : read_json_lines(options.out + "/results.jsonl").values) {
    const bool guided = line["refused"] == "" && line["key"]["method"] != "unguided";
    EXPECT_EQ(line.contains("check"), guided) << line;
    if (guided) {
      EXPECT_GE(line["check"]["guided"], line["check"]["unguided"]) << line;
    }
  }
}

TEST(Compare, GoesOnFromWhatItsJournalHolds) {
  const TemporaryFolder folder;
  const auto contestants = small_contestants();
  const ComparingOptions options = small_comparison(folder);
  std::string title;
  int64_t begun = 0;
  const WorkWatch briefly = [&](const Moment& moment) {
    begun += moment.title != title, title = moment.title;
    return begun < 3;
  };
  const Compared stopped = compare(contestants, options, torch::kCPU, briefly);
  EXPECT_TRUE(stopped.interrupted);
  EXPECT_TRUE(stopped.tables.empty());
  EXPECT_EQ(read_json_lines(options.out + "/results.jsonl").values.size(), 2u);
  begun = -1000, title = "";
  const Compared whole = compare(contestants, options, torch::kCPU, briefly);
  EXPECT_FALSE(whole.interrupted);
  begun = 0;
  const Compared known = compare(contestants, options, torch::kCPU, [](const Moment&) { return false; });
  EXPECT_FALSE(known.interrupted);
  EXPECT_EQ(known.figures, whole.figures);
}

TEST(Compare, AJournalOfOtherTypesIsRefusedWithItsField) {
  const TemporaryFolder folder;
  const auto contestants = small_contestants();
  const ComparingOptions options = small_comparison(folder);
  compare(contestants, options, torch::kCPU);
  const std::string path = options.out + "/results.jsonl";
  const std::vector<Json> whole = read_json_lines(path).values;
  for (const char* field : {"refused", "setting", "picture", "figures"}) {
    std::string text;
    for (Json line : whole) {
      line[field] = 3;
      text += line.dump() + "\n";
    }
    write_file(path, text);
    EXPECT_THAT(refusal([&] { compare(contestants, options, torch::kCPU); }),
                testing::AllOf(HasSubstr(path + ": expected "), HasSubstr(std::string(" for ") + field)));
  }
}

TEST(Compare, RefusesWhatItCannotUnderstand) {
  const TemporaryFolder folder;
  // What is said of the tasks with this in place of what there is.
  const auto refused = [&](const std::string& key, const Json& value) {
    Json tasks = small_tasks();
    tasks[key] = value;
    return refusal([&] { small_comparison(folder, tasks); });
  };
  const auto method = [&](const std::string& setting, const Json& value) {
    return refused("methods", {{"a", {{setting, value}}}});
  };
  EXPECT_THAT(refused("serch", 2), HasSubstr("did you mean search"));
  EXPECT_THAT(refused("search", "two"), HasSubstr("search"));
  EXPECT_THAT(refused("tasks", Json::array()), HasSubstr("at least one"));
  EXPECT_THAT(refused("tasks", Json::array({Json({{"count", 3}})})),
              HasSubstr("expected an objective in every task"));
  EXPECT_THAT(method("tpo", 1), HasSubstr("methods.a: unknown key tpo; did you mean top"));
  EXPECT_THAT(method("method", "tgf"), HasSubstr("did you mean tfg"));
  EXPECT_THAT(method("guidance", {{"climb", {{"roh", 1}}}}), HasSubstr("did you mean climb.rho"));
  EXPECT_EQ(method("top", 2), "accepted");
}

TEST(Compare, RefusesModelsOfOtherSamples) {
  const TemporaryFolder folder;
  auto contestants = small_contestants();
  contestants[1].name = "large", contestants[1].loaded.model = small_ddn("recurrent");
  EXPECT_THAT(refusal([&] { compare(contestants, small_comparison(folder), torch::kCPU); }),
              HasSubstr("expected models of the same samples but ddn makes image 1x8x8"));
}

}  // namespace
}  // namespace steer
