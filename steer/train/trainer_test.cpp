#include "steer/train/trainer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "steer/core/check.h"
#include "steer/core/checkpoint.h"
#include "steer/core/files.h"
#include "steer/core/folder_lock.h"
#include "steer/core/json.h"
#include "steer/core/notice.h"
#include "steer/data/tensor_dataset.h"
#include "steer/image/shapes.h"
#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

RunOptions some_options(int64_t images) {
  RunOptions options;
  options.data.path = "shapes";
  options.train.images = images;
  options.train.precision = "float32";
  options.train.decay = "constant";
  options.train.ramp_images = 100;
  options.train.grid_minutes = 0;
  options.train.log_every_steps = 5;
  options.train.loader.batch = 16;
  return options;
}

TrainSummary train_small(const std::string& run, const RunOptions& options, bool resume,
                         const TrainWatch& watch = {}, double dropout = 0) {
  Json ddn = small_ddn_options("pyramid");
  ddn["pyramid"]["dropout"] = dropout;
  // Counts fade in one of the two.
  ddn["split"] = {{"half_life_images", dropout > 0 ? 300 : 0}, {"most", 2}};
  const auto model = make_model("ddn", ddn, 7);
  return train(*model, ShapesDataset(200, 8, 1, 3), options, run, resume, torch::kCPU, watch);
}

double figure(const TrainSummary& summary, const std::string& name) {
  for (const auto& [known, value] : summary.figures)
    if (known == name) return value;
  return std::nan("");
}

std::string log_without_seconds(const std::string& run) {
  std::ifstream file(run + "/log.jsonl");
  std::string line, all;
  while (std::getline(file, line)) {
    Json json = Json::parse(line);
    json.erase("seconds");
    all += json.dump() + "\n";
  }
  return all;
}

TEST(Trainer, OneProcessAtATimeWritesARun) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  {
    const FolderLock other(run);
    EXPECT_NE(refusal([&] { train_small(run, some_options(32), false); }).find("is at work"),
              std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(run + "/options.json"));
  }
  train_small(run, some_options(32), false);
  EXPECT_TRUE(std::filesystem::exists(run + "/model.safetensors"));
}

TEST(Trainer, ARunOfBeforeRivalsGoesOnWithEvenOnes) {
  const TemporaryFolder folder;
  const std::string run = folder / "run", path = run + "/resume.safetensors";
  train_small(run, some_options(160), false);
  Checkpoint checkpoint = read_checkpoint(path);
  const auto pairs = checkpoint.tensors.find("training.rivals.3.near2");
  ASSERT_NE(pairs, checkpoint.tensors.end());
  // A node that was never nearest takes over nothing, so a few images are not counted.
  EXPECT_NEAR(pairs->second.sum().item<double>(), 160, 8);
  EXPECT_EQ(read_checkpoint(run + "/model.safetensors").tensors.count("training.rivals.3.near2"), 0u);
  std::vector<std::string> told;
  const NoticesTo taker([&](const std::string& line) { told.push_back(line); });
  train_small(run, some_options(320), true);
  EXPECT_TRUE(told.empty());
  checkpoint = read_checkpoint(path);
  for (auto at = checkpoint.tensors.begin(); at != checkpoint.tensors.end();)
    at = at->first.rfind("training.", 0) == 0 ? checkpoint.tensors.erase(at) : std::next(at);
  write_checkpoint(path, checkpoint);
  train_small(run, some_options(480), true);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_NE(told[0].find("near2"), std::string::npos);
  // All images are counted again, those of before among all other nodes.
  checkpoint = read_checkpoint(path);
  EXPECT_NEAR(checkpoint.tensors.at("training.rivals.3.near2").sum().item<double>(), 480, 8);
  checkpoint.tensors.at("training.rivals.3.near2") = at::zeros({3, 3}, torch::kFloat64);
  write_checkpoint(path, checkpoint);
  EXPECT_NE(
      refusal([&] { train_small(run, some_options(640), true); }).find("rivals.3.near2: expected shape"),
      std::string::npos);
}

TEST(Trainer, AResumedRunEqualsAnUninterruptedOneBitForBit) {
  for (const double dropout : {0.0, 0.2}) {
    const TemporaryFolder folder;
    const std::string whole = folder / "whole", parts = folder / "parts";
    train_small(whole, some_options(640), false, {}, dropout);
    // Stopped by the watch after 11 steps, as Ctrl-C does, then twice resumed by new processes' worth of
    // state.
    for (int stop_after : {11, 9, 1000}) {
      int steps = 0;
      const TrainWatch watch = [&](const TrainMoment& moment) {
        EXPECT_EQ(moment.state.images, 16 * moment.state.steps);
        EXPECT_DOUBLE_EQ(moment.share, static_cast<double>(moment.state.images) / 640);
        return ++steps < stop_after;
      };
      const bool resume = std::filesystem::exists(parts);
      const TrainSummary summary = train_small(parts, some_options(640), resume, watch, dropout);
      EXPECT_EQ(summary.interrupted, stop_after != 1000);
    }
    for (const char* file : {"/model.safetensors", "/resume.safetensors"}) {
      const Checkpoint a = read_checkpoint(whole + file), b = read_checkpoint(parts + file);
      ASSERT_EQ(a.tensors.size(), b.tensors.size());
      for (const auto& [name, tensor] : a.tensors)
        EXPECT_TRUE(torch::equal(tensor, b.tensors.at(name))) << file << " " << name;
      EXPECT_EQ(a.metadata.at("images"), b.metadata.at("images"));
    }
    EXPECT_EQ(log_without_seconds(whole), log_without_seconds(parts));
  }
}

TEST(Trainer, AHostileRunFolderIsRefusedWithFileAndTensor) {
  const TemporaryFolder folder;
  const std::string run = folder / "run", file = run + "/resume.safetensors";
  train_small(run, some_options(32), false);
  const Checkpoint whole = read_checkpoint(file);
  std::string averaged;
  for (const auto& [name, tensor] : whole.tensors)
    if (name.rfind("ema.", 0) == 0 && tensor.dim() > 1) averaged = name.substr(4);
  const auto fault = [&](const std::function<void(Checkpoint&)>& change) {
    Checkpoint changed = whole;
    change(changed);
    write_checkpoint(file, changed);
    return refusal([&] { train_small(run, some_options(64), true); });
  };
  const auto expect = [&](const std::string& got, const std::string& part) {
    EXPECT_NE(got.find("[resume] " + file), std::string::npos) << got;
    EXPECT_NE(got.find(part), std::string::npos) << got;
  };
  expect(fault([&](Checkpoint& c) { c.tensors["ema." + averaged] = at::zeros({2}); }), "ema: expected the ");
  expect(fault([&](Checkpoint& c) { c.tensors.erase("ema." + averaged); }), "missing: " + averaged);
  expect(fault([&](Checkpoint& c) { c.tensors["adam.m." + averaged] = at::zeros({2}); }), "misshaped: m.");
  expect(fault([&](Checkpoint& c) { c.tensors["adam.steps"] = at::full({}, -1, torch::kInt64); }), "steps");
  expect(fault([&](Checkpoint& c) { c.metadata["images"] = "1e300"; }), "\"images\"");
  expect(fault([&](Checkpoint& c) { c.metadata["steps"] = "-4"; }), "\"steps\"");
  expect(fault([&](Checkpoint& c) { c.metadata["averages"] = "{"; }), "\"averages\"");
  expect(fault([&](Checkpoint& c) { c.metadata["averages"] = "{\"a\": 1}"; }), "expected an array");
  EXPECT_NE(fault([&](Checkpoint& c) {
              c.metadata["averages"] = "[{\"name\": 3}]";
            }).find(file + ": averages: expected a string for name but got 3"),
            std::string::npos);
  EXPECT_EQ(fault([](Checkpoint&) {}), "accepted");
}

TEST(Trainer, TrainingLowersTheError) {
  const TemporaryFolder folder;
  const TrainSummary first = train_small(folder / "a", some_options(80), false);
  const TrainSummary later = train_small(folder / "b", some_options(2400), false);
  EXPECT_LT(figure(later, "mse"), 0.7 * figure(first, "mse"));
}

TEST(Trainer, AFolderWithARunIsNotOverwritten) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  train_small(run, some_options(32), false);
  EXPECT_THROW(train_small(run, some_options(32), false), Error);
  EXPECT_THROW(train_small(folder / "none", some_options(32), true), Error);
}

TEST(Trainer, ALossThatIsNotFiniteStopsAndLeavesTheLastCheckpoint) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  train_small(run, some_options(32), false);
  const std::string before = read_file(run + "/model.safetensors");
  RunOptions options = some_options(6400);
  options.train.rate = 1e30;
  options.train.ramp_images = 0;
  const std::string fault = refusal([&] { train_small(run, options, true); });
  EXPECT_NE(fault.find("not finite"), std::string::npos) << fault;
  EXPECT_NE(fault.find("at step"), std::string::npos) << fault;
  EXPECT_NE(fault.find("last checkpoint in " + run + " is whole"), std::string::npos) << fault;
  EXPECT_EQ(read_file(run + "/model.safetensors"), before);
  const std::string at_once = refusal([&] { train_small(folder / "new", options, false); });
  EXPECT_NE(at_once.find("there is no checkpoint yet"), std::string::npos) << at_once;
}

// What is noticed while a run goes on.
std::string noticed_resuming(const std::string& run, const RunOptions& options) {
  std::string said;
  const NoticesTo taker([&](const std::string& line) { said += line; });
  train_small(run, options, true);
  return said;
}

TEST(Trainer, ABudgetThatIsSpentOrGrowsIsSaid) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  RunOptions options = some_options(160);
  options.train.decay = "cosine";
  train_small(run, options, false);
  EXPECT_NE(noticed_resuming(run, options).find("its budget is spent after 160"), std::string::npos);
  options.train.images = 480;
  const std::string grown = noticed_resuming(run, options);
  EXPECT_NE(grown.find("the learning rate rises from"), std::string::npos) << grown;
  // In the ramp the rate rises by itself.
  options = some_options(32);
  options.train.ramp_images = 10000;
  train_small(folder / "ramp", options, false);
  options.train.images = 96;
  EXPECT_EQ(noticed_resuming(folder / "ramp", options), "");
}

TEST(Trainer, WritesOverNothingOfOthers) {
  const TemporaryFolder folder;
  folder.put("options.json", "{\"mine\": 1}");
  EXPECT_NE(refusal([&] {
              train_small(folder.path(), some_options(32), false);
            }).find("options.json: stands there"),
            std::string::npos);
  EXPECT_EQ(read_file(folder / "options.json"), "{\"mine\": 1}");
  EXPECT_NE(refusal([&] { train_small("", some_options(32), false); }).find("empty"), std::string::npos);
}

// A diffusion that is told the kinds of shapes, in this order.
TrainSummary train_told(const std::string& run, ClassNames names, bool resume) {
  const auto model = make_model("diffusion", small_diffusion("edm", 5)->options(), 7);
  const Tensor x = torch::rand({32, 1, 8, 8}) * 2 - 1;
  const Tensor label = at::arange(32, torch::kInt64) % static_cast<int64_t>(names.size());
  const TensorDataset data(model->space(), x, label, names);
  return train(*model, data, some_options(resume ? 64 : 32), run, resume, torch::kCPU, {});
}

TEST(Trainer, ClassNamesGoWithTheWeights) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  train_told(run, {"ant", "bee", "cat"}, false);
  EXPECT_EQ(load_model(run, torch::kCPU).model->class_names(), (ClassNames{"ant", "bee", "cat"}));
  EXPECT_NE(refusal([&] {
              train_told(run, {"bee", "ant", "cat"}, true);
            }).find("but the data have bee, ant, cat"),
            std::string::npos);
  train_told(run, {"ant", "bee", "cat"}, true);
}

TEST(Trainer, RateRampsUpAndDecaysToItsFloor) {
  TrainOptions options;
  options.rate = 2;
  options.ramp_images = 100;
  options.floor = 0.1;
  EXPECT_DOUBLE_EQ(learning_rate(options, 50, 0), 1);
  EXPECT_NEAR(learning_rate(options, 1000, 0.5), 1.1, 1e-12);
  EXPECT_NEAR(learning_rate(options, 1000, 1), 0.2, 1e-12);
  options.decay = "constant";
  EXPECT_DOUBLE_EQ(learning_rate(options, 1000, 1), 2);
}

TEST(Trainer, BadOptionsAndOtherImagesAreRefused) {
  const TemporaryFolder folder;
  RunOptions options = some_options(0);
  EXPECT_THROW(train_small(folder / "a", options, false), Error);
  options = some_options(32);
  options.train.decay = "linear";
  EXPECT_THROW(train_small(folder / "b", options, false), Error);
  auto model = small_ddn("pyramid");
  EXPECT_THROW(train(*model, ShapesDataset(20, 16, 1, 3), some_options(32), folder / "c", false, torch::kCPU),
               Error);
  EXPECT_FALSE(std::filesystem::exists(folder / "c"));
}

TEST(Train, PicturesOnTheWayBecomeAFilm) {
  const TemporaryFolder folder;
  RunOptions options = some_options(400);
  options.train.grid_minutes = 1e-6;
  train_small(folder / "run", options, false);
  EXPECT_GT(std::filesystem::file_size(folder / "run/film.gif"), 100u);
  options.train.grid_minutes = 0;
  train_small(folder / "quiet", options, false);
  EXPECT_FALSE(std::filesystem::exists(folder / "quiet/film.gif"));
}

TEST(Train, ThePlotShowsWhatWasLogged) {
  const TemporaryFolder folder;
  train_small(folder / "run", some_options(400), false);
  const std::string plot = read_file(folder / "run/loss.svg");
  for (const char* word : {"</svg>", ">mse ", ">mse_last ", "samples seen"})
    EXPECT_NE(plot.find(word), std::string::npos) << word;
  EXPECT_EQ(plot.find("accuracy"), std::string::npos);
  train_small(folder / "short", some_options(16), false);  // ends before its first line
  EXPECT_FALSE(std::filesystem::exists(folder / "short/loss.svg"));
}

TEST(Train, WeightsMayBeStoredInHalves) {
  const TemporaryFolder folder;
  RunOptions options = some_options(64);
  options.train.stored = "float16";
  train_small(folder / "run", options, false);
  const auto size = [&](const char* name) {
    return static_cast<double>(std::filesystem::file_size(folder / (std::string("run/") + name)));
  };
  EXPECT_LT(size("model.safetensors"), 0.3 * size("resume.safetensors"));
  options.train.stored = "float8";
  EXPECT_THROW(train_small(folder / "other", options, false), Error);
}

}  // namespace
}  // namespace steer
