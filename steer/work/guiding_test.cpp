#include "steer/work/guiding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/core/notice.h"
#include "steer/models/small_models.h"
#include "steer/picture/images.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

using testing::HasSubstr;

TEST(Guiding, SamplesScoreHigherThanThoseOfNoChoice) {
  const auto model = small_ddn("pyramid");
  GuideOptions options;
  options.objective = "gaussian(mean=0.3, std=0.5)", options.count = 4;
  options.settings = {{"top", 1}};
  const Guided guided = guide(*model, options, torch::kCPU);
  ASSERT_EQ(guided.scores.size(0), 4);
  options.settings = {{"top", 8}};
  EXPECT_GT(guided.scores.mean().item<double>(),
            guide(*model, options, torch::kCPU).scores.mean().item<double>());
  EXPECT_FALSE(guided.given.defined());
  EXPECT_FALSE(guided.asked.label.defined());
  EXPECT_EQ(guided.settings, Json({{"top", 1.0}}));
}

// As published, steps of the unit of a sharp measurement leap; a line says so, and none where they are safe.
TEST(Guiding, ACheckTellsWhereItMadeThingsWorse) {
  const auto model = small_diffusion("flow");
  GuideOptions options;
  options.objective = "gaussian(mean=0.1, std=0.2)", options.count = 6, options.check = true;
  std::vector<std::string> said;
  const NoticesTo here([&](const std::string& line) { said.push_back(line); });
  for (const bool safe : {true, false}) {
    options.settings = {{"method", "mpgd"}, {"steps", 6}, {"guidance", {{"climb", {{"safe", safe}}}}}};
    const Guided guided = guide(*model, options, torch::kCPU);
    ASSERT_TRUE(guided.beside.has_value());
    EXPECT_EQ(guided.beside->samples, kSamplesBeside);
    EXPECT_EQ(guided.beside->worse(), !safe) << guided.beside->guided << " " << guided.beside->unguided;
    EXPECT_EQ(said.size(), safe ? 0u : 1u);
  }
  EXPECT_THAT(said[0], HasSubstr("made it worse: gaussian"));
  options.check = false;
  EXPECT_FALSE(guide(*model, options, torch::kCPU).beside.has_value());
}

TEST(Guiding, GivesWhatTheObjectiveWasMadeFrom) {
  const TemporaryFolder folder;
  const std::string file = folder / "x.png";
  write_png(file, torch::zeros({1, 8, 8}));
  const auto model = small_ddn("pyramid");
  GuideOptions options;
  options.objective = "denoise(" + file + ", noise=2, add=true)", options.count = 2;
  const Guided guided = guide(*model, options, torch::kCPU);
  ASSERT_EQ(guided.given.x.sizes(), (std::vector<int64_t>{1, 1, 8, 8}));
  EXPECT_LE(guided.given.x.abs().max().item<double>(), 1);
  // The noise goes with its own seed.
  options.seeds = {1}, options.count = 1, options.noise_seed = 0;
  EXPECT_TRUE(torch::equal(guide(*model, options, torch::kCPU).given.x, guided.given.x));
  options.noise_seed = 1;
  EXPECT_FALSE(torch::equal(guide(*model, options, torch::kCPU).given.x, guided.given.x));
}

TEST(Guiding, AWatchEndsIt) {
  const auto model = small_ddn("pyramid");
  GuideOptions options;
  options.objective = "gaussian()";
  const Guided ended =
      guide(*model, options, torch::kCPU, [](const Moment& moment) { return moment.share < 0.5; });
  EXPECT_TRUE(ended.stopped);
  EXPECT_FALSE(ended.state.defined());
}

TEST(Guiding, UnknownWordsAndSettingsAreRefused) {
  const auto model = small_ddn("pyramid");
  GuideOptions options;
  options.objective = "gausian()";
  EXPECT_THAT(refusal([&] { guide(*model, options, torch::kCPU); }), HasSubstr("[objective]"));
  options.objective = "gaussian()", options.settings = {{"tpo", 1}};
  EXPECT_THAT(refusal([&] { guide(*model, options, torch::kCPU); }), HasSubstr("did you mean top"));
}

}  // namespace
}  // namespace steer
