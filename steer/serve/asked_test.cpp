#include "steer/serve/asked.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using testing::HasSubstr;

class AskedTest : public testing::Test {
 protected:
  void SetUp() override {
    save_model(folder_ / "ddn.safetensors", *small_ddn("pyramid"), {}, nullptr);
    save_model(folder_ / "flow.safetensors", *small_diffusion("edm", 5), {}, nullptr);
    files_.add_model(folder_ / "ddn.safetensors");
    files_.add_model(folder_ / "flow.safetensors");
    files_.add_upload("x.png", "png");
  }
  Recipe recipe(const Json& parts) {
    Json json = {{"model", {{"path", "ddn"}}}};
    json.update(parts);
    return recipe_asked({{"kind", "samples"}, {"recipe", json}}, files_, limits_);
  }
  std::string why(const Json& parts) {
    return refusal([&] { recipe(parts); });
  }

  TemporaryFolder folder_;
  NamedFiles files_{folder_ / "uploads"};
  AskedLimits limits_;
};

TEST_F(AskedTest, NamesBecomePaths) {
  const Recipe asked = recipe({{"work", "guide"},
                               {"objective", "inpaint(x.png, mask=left)"},
                               {"count", 3},
                               {"seeds", {7}},
                               {"settings", {{"top", 2}}},
                               {"from", {{"files", {"x.png"}}, {"noise", 0.3}}},
                               {"then", {{{"model", {{"path", "flow"}}}, {"noise", 0.4}}}}});
  EXPECT_EQ(asked.model.path, folder_ / "ddn.safetensors");
  EXPECT_EQ(asked.objective, "inpaint(" + files_.upload("x.png") + ", mask=left)");
  EXPECT_EQ(asked.from->files.at(0), files_.upload("x.png"));
  EXPECT_EQ(asked.then.at(0).model.path, folder_ / "flow.safetensors");
  EXPECT_EQ(asked.count, 3);
  EXPECT_EQ(asked.settings["top"], 2);
}

TEST_F(AskedTest, RefusesPathsUnknownFieldsAndTooMuch) {
  EXPECT_THAT(why({{"model", {{"path", "/etc/passwd"}}}}), HasSubstr("expected the name of a model"));
  EXPECT_THAT(why({{"count", 100000}}), HasSubstr("count: expected at most 256"));
  EXPECT_THAT(why({{"count", 0}}), HasSubstr("count"));
  EXPECT_THAT(why({{"cuont", 1}}), HasSubstr("cuont"));
  EXPECT_THAT(why({{"work", "guide"}}), HasSubstr("expected an objective"));
  EXPECT_THAT(why({{"settings", {{"beam", 1e9}}}}), HasSubstr("settings.beam: expected at most 256"));
  EXPECT_THAT(why({{"settings", {{"prior", "/x"}}}}), HasSubstr("prior: expected no path"));
  EXPECT_THAT(why({{"settings", {{"prior", "x"}}}}), HasSubstr("prior: expected true"));
  EXPECT_THAT(why({{"settings", {{"preset", "x"}}}}), HasSubstr("expected a preset of ddn"));
  EXPECT_THAT(why({{"settings", {{"guidance", {{"a", {{"b", "/x"}}}}}}}}), HasSubstr("expected no path"));
  EXPECT_THAT(why({{"settings", 3}}), HasSubstr("settings"));
  EXPECT_THAT(why({{"from", {{"files", {"../x.png"}}}}}), HasSubstr("expected the name of an uploaded file"));
  EXPECT_THAT(why({{"telling", {{"given", {"/etc/hosts"}}}}}),
              HasSubstr("expected the name of an uploaded file"));
  const Json words = {{"work", "guide"}, {"objective", std::string(5000, 'x')}};
  EXPECT_THAT(why(words), HasSubstr("objective: expected at most 4096 bytes"));
  EXPECT_THAT(refusal([&] {
                recipe_asked({{"kind", "samples"}}, files_, limits_);
              }),
              HasSubstr("expected {"));
}

TEST_F(AskedTest, SearchesAreChecked) {
  const Json good = {{"kind", "search"},
                     {"model", "flow"},
                     {"objective", "gaussian(mean=0.2)"},
                     {"samples", 4},
                     {"judge", "flow"},
                     {"label", "all"},
                     {"sweeps", 1},
                     {"knobs", {"strength=0.5:2:1"}},
                     {"settings", {{"steps", 3}}}};
  const SearchingOptions options = search_asked(good, files_, limits_);
  EXPECT_EQ(options.run, folder_ / "flow.safetensors");
  EXPECT_EQ(options.yardsticks.judge, folder_ / "flow.safetensors");
  EXPECT_EQ(options.search.samples, 4);
  EXPECT_EQ(options.telling.label, "all");
  const auto refused = [&](const char* key, const Json& value) {
    Json bad = good;
    bad[key] = value;
    return refusal([&] { search_asked(bad, files_, limits_); });
  };
  EXPECT_THAT(refused("samples", 1000), HasSubstr("samples: expected at most 256"));
  EXPECT_THAT(refused("samples", 0), HasSubstr("samples"));
  EXPECT_THAT(refused("method", "luck"), HasSubstr("doubling or halving"));
  EXPECT_THAT(refused("objective", ""), HasSubstr("objective"));
  EXPECT_THAT(refused("judge", "/x.pt"), HasSubstr("expected the name of a model"));
  EXPECT_THAT(refused("preset", "/x"), HasSubstr("preset"));
  EXPECT_THAT(refused("journal", "/x"), HasSubstr("journal"));
}

}  // namespace
}  // namespace steer
