#include "steer/work/tuning.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

// As out of a file.
LoadedModel loaded_ddn() {
  LoadedModel loaded;
  loaded.model = small_ddn("pyramid");
  loaded.state.images = 120;
  loaded.path = "here";
  return loaded;
}

TuningRequest tuning_request_in(const TemporaryFolder& folder) {
  TuningRequest request;
  request.objective = "gaussian(mean=0.8, std=0.5)";
  request.out = folder / "tuned";
  request.count = 12, request.batch = 5;
  request.options.batch = 8;
  request.options.rate = 3e-3;
  request.options.anchor = request.options.keep = request.options.satisfied = 0;
  return request;
}

TEST(Tuning, RaisesTheScoreAndWritesTheModel) {
  const TemporaryFolder folder;
  const TuningRequest request = tuning_request_in(folder);
  int64_t steps = 0;
  const Tuning tuning = run_tuning(loaded_ddn(), "here", request, [&](const Moment& moment) {
    EXPECT_EQ(moment.title, "tune " + request.out);
    return ++steps < 20;
  });
  EXPECT_TRUE(tuning.interrupted);
  EXPECT_EQ(tuning.state.steps, 20);
  EXPECT_GT(tuning.after.score, tuning.before.score);
  EXPECT_FALSE(tuning.after.verdict);
  EXPECT_TRUE(std::filesystem::exists(tuning.picture));
  const LoadedModel written = load_model(request.out, torch::kCPU);
  EXPECT_EQ(written.state.images, 120);
  EXPECT_NE(weight_fingerprint(written.model->module()), weight_fingerprint(loaded_ddn().model->module()));
  const Json json = tuning_json(tuning, "here", request);
  EXPECT_EQ(json["after"]["score"], tuning.after.score);
  EXPECT_EQ(json["samples"], 12);
  EXPECT_NE(refusal([&] { run_tuning(loaded_ddn(), "here", request); }).find("expected a new folder"),
            std::string::npos);
}

TEST(Tuning, TakesOverWhatWasKilledBeforeItsModel) {
  const TemporaryFolder folder;
  const TuningRequest request = tuning_request_in(folder);
  folder.put("tuned/before_after.png", "half");
  folder.put("tuned/model.safetensors.steer-part", "half");
  int64_t steps = 0;
  const Tuning tuning = run_tuning(loaded_ddn(), "here", request, [&](const Moment&) { return ++steps < 2; });
  EXPECT_TRUE(std::filesystem::exists(request.out + "/model.safetensors"));
  EXPECT_GT(std::filesystem::file_size(tuning.picture), 100u);
  folder.put("other/mine.txt", "mine");
  TuningRequest elsewhere = request;
  elsewhere.out = folder / "other";
  EXPECT_NE(refusal([&] { run_tuning(loaded_ddn(), "here", elsewhere); }).find("there is mine.txt in it"),
            std::string::npos);
}

TEST(Tuning, ModelsThatCannotBeTunedAreRefused) {
  const TemporaryFolder folder;
  LoadedModel loaded;
  loaded.model = small_diffusion("edm");
  loaded.path = "here";
  const std::string fault =
      refusal([&] { run_tuning(std::move(loaded), "here", tuning_request_in(folder)); });
  EXPECT_NE(fault.find("[tune] here: expected a ddn"), std::string::npos) << fault;
  EXPECT_FALSE(std::filesystem::exists(folder / "tuned"));
}

}  // namespace
}  // namespace steer
