#include "steer/work/training.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "steer/core/files.h"
#include "steer/models/models.h"
#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

// A small DDN on drawn shapes, in a few steps.
TrainingRequest small_training(const TemporaryFolder& folder) {
  const Json options = {{"ddn", small_ddn_options("pyramid")},
                        {"data", {{"path", "shapes"}, {"size", 8}, {"channels", 1}, {"limit", 64}}},
                        {"train",
                         {{"images", 400},
                          {"seed", 5},
                          {"grid_minutes", 0},
                          {"log_every_steps", 2},
                          {"loader", {{"batch", 8}}}}}};
  write_file(folder / "options.json", options.dump());
  TrainingRequest request;
  request.family = "ddn";
  request.file = folder / "options.json";
  request.run = folder / "run";
  request.images = 64;
  return request;
}

TEST(Training, WhatIsSaidStandsOverTheFile) {
  const TemporaryFolder folder;
  TrainingRequest request = small_training(folder);
  request.sets = {"train.rate=0.25", "ddn.chain_dropout=0.5"};
  const Training training = prepared_training(request);
  EXPECT_EQ(training.options.train.rate, 0.25);
  EXPECT_EQ(training.options.train.images, 64);
  EXPECT_EQ(training.options.train.loader.seed, 5);
  EXPECT_EQ(training.model->options()["chain_dropout"], 0.5);
  EXPECT_EQ(training.all_options()["ddn"]["pyramid"]["candidates"][0], 8);
  request.seed = 9;
  EXPECT_EQ(prepared_training(request).options.train.loader.seed, 9);
  EXPECT_FALSE(std::filesystem::exists(request.run));
}

TEST(Training, AWatchSeesItAndEndsIt) {
  const TemporaryFolder folder;
  TrainingRequest request = small_training(folder);
  std::vector<double> shares;
  std::string note;
  const TrainSummary whole = run_training(prepared_training(request), [&](const Moment& moment) {
    EXPECT_EQ(moment.title, "train " + request.run);
    shares.push_back(moment.share);
    if (moment.share < 1) note = moment.note;
    return true;
  });
  EXPECT_FALSE(whole.interrupted);
  EXPECT_EQ(whole.state.images, 64);
  EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
  EXPECT_EQ(shares.back(), 1);
  EXPECT_NE(note.find("mse "), std::string::npos) << note;
  EXPECT_TRUE(std::filesystem::exists(folder / "run/loss.svg"));

  request.run = folder / "part";
  const TrainSummary part =
      run_training(prepared_training(request), [](const Moment& moment) { return moment.share < 0.4; });
  EXPECT_TRUE(part.interrupted);
  EXPECT_EQ(part.state.images, 32);
  // The run's own options suffice to go on; the end is that of a run never ended.
  TrainingRequest rest;
  rest.family = "ddn", rest.run = request.run, rest.resume = true;
  EXPECT_EQ(run_training(prepared_training(rest)).state.images, 64);
  const auto a = load_model(folder / "run", torch::kCPU), b = load_model(folder / "part", torch::kCPU);
  EXPECT_EQ(weight_fingerprint(a.model->module()), weight_fingerprint(b.model->module()));
}

TEST(Training, ANewRunBeginsFromTheWeightsAndOptionsOfAnother) {
  const TemporaryFolder folder;
  const TrainingRequest first = small_training(folder);
  run_training(prepared_training(first));
  const auto former = load_model(first.run, torch::kCPU);

  TrainingRequest request;
  request.family = "ddn", request.init = first.run, request.run = folder / "other", request.images = 8;
  request.sets = {"data.path=shapes", "data.size=8",           "data.channels=1",
                  "data.limit=64",    "ddn.chain_dropout=0.5", "train.loader.batch=8"};
  const Training other = prepared_training(request);
  EXPECT_EQ(weight_fingerprint(other.model->module()), weight_fingerprint(former.model->module()));
  EXPECT_EQ(other.model->options()["pyramid"], former.model->options()["pyramid"]);
  EXPECT_EQ(other.model->options()["chain_dropout"], 0.5);
  EXPECT_EQ(other.options.train.init, first.run);
  EXPECT_NE(other.begins.find("trained on 64 samples"), std::string::npos) << other.begins;
  EXPECT_EQ(run_training(other).state.images, 8);

  // A run that goes on has weights of its own; a file may name the beginning too.
  std::filesystem::remove_all(first.run);
  request.init = "", request.resume = true, request.images = 16;
  EXPECT_EQ(run_training(prepared_training(request)).state.images, 16);
  request.resume = false, request.run = folder / "third";
  request.sets.push_back("train.init=" + (folder / "other"));
  EXPECT_EQ(weight_fingerprint(prepared_training(request).model->module()),
            weight_fingerprint(load_model(folder / "other", torch::kCPU).model->module()));

  const auto fault = [&](const auto& change) {
    TrainingRequest wrong = request;
    change(wrong);
    return refusal([&] { prepared_training(wrong); });
  };
  EXPECT_NE(fault([](auto& r) { r.sets.push_back("ddn.pyramid.candidates=[4,4,4,4]"); }).find("misshaped"),
            std::string::npos)
      << fault([](auto& r) { r.sets.push_back("ddn.pyramid.candidates=[4,4,4,4]"); });
  EXPECT_NE(fault([](auto& r) { r.family = "diffusion"; }).find("expected a diffusion model"),
            std::string::npos);
  EXPECT_NE(fault([](auto& r) { r.sets.back() = "train.init=nowhere"; }).find("nowhere"), std::string::npos);
}

TEST(Training, TheDataSetDecidesWhatOptionsLeaveOut) {
  TrainingRequest request;
  request.images = 8;
  request.run = "nowhere";
  request.data = "shapes";
  request.family = "classifier";
  request.sets = {"classifier.network.size=16", "classifier.network.widths=[8,16]", "data.limit=8"};
  const Training classifier = prepared_training(request);
  EXPECT_EQ(classifier.options.data.size, 16);
  EXPECT_EQ(classifier.data->space(), classifier.model->space());
  request.family = "diffusion";
  request.sets = {"data.size=16",
                  "data.channels=1",
                  "data.limit=8",
                  "diffusion.unet.block_out_channels=[8,8]",
                  "diffusion.unet.norm_num_groups=4",
                  "diffusion.unet.down_block_types=[\"DownBlock2D\",\"DownBlock2D\"]",
                  "diffusion.unet.up_block_types=[\"UpBlock2D\",\"UpBlock2D\"]"};
  const Training diffusion = prepared_training(request);
  EXPECT_EQ(diffusion.data->space(), diffusion.model->space());
}

TEST(Training, WhatDoesNotGoTogetherIsRefused) {
  const TemporaryFolder folder;
  const TrainingRequest good = small_training(folder);
  const auto fault = [&](const auto& change) {
    TrainingRequest request = good;
    change(request);
    return refusal([&] { prepared_training(request); });
  };
  EXPECT_EQ(fault([](auto&) {}), "accepted");
  EXPECT_NE(fault([](auto& r) { r.family = "dnd"; }).find("expected a family"), std::string::npos);
  EXPECT_NE(fault([](auto& r) { r.sets = {"family=diffusion"}; }).find("family"), std::string::npos);
  EXPECT_NE(fault([](auto& r) { r.sets = {"train.raet=1"}; }).find("rate"), std::string::npos);
  EXPECT_NE(fault([](auto& r) { r.file = "", r.data = ""; }).find("samples to train on"), std::string::npos);
  EXPECT_NE(fault([](auto& r) { r.file = "", r.resume = true; }).find("a run to resume"), std::string::npos);
  EXPECT_NE(fault([](auto& r) { r.sets = {"train.images=0"}, r.images = 0; }).find("budget"),
            std::string::npos);
}

}  // namespace
}  // namespace steer
