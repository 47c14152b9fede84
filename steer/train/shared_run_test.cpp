// Whole runs of several ranks.
#include <gtest/gtest.h>

#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/data/tensor_dataset.h"
#include "steer/models/small_models.h"
#include "steer/testing/temporary_folder.h"
#include "steer/train/small_together.h"
#include "steer/train/trainer.h"

namespace steer {
namespace {

namespace fs = std::filesystem;
constexpr int64_t kBatch = 16;

std::unique_ptr<Model> small_of(const std::string& family, int64_t seed) {
  Json options = small_ddn_options("pyramid");
  options["split"] = {{"half_life_images", 60}, {"most", 2}};
  options["chain_dropout"] = 0.1;
  if (family == "diffusion") options = small_diffusion("edm", 4)->options();
  if (family == "classifier")
    options = {
        {"network", {{"size", 8}, {"channels", 1}, {"widths", {8, 8}}, {"classes", 4}, {"dropout", 0}}},
        {"augment", {{"shift", 1}, {"noise", 0.1}}}};
  return make_model(family, options, static_cast<uint64_t>(seed));
}

// Of few large parts: images of noise are all nearly as near to each candidate, so that rounding decides.
std::unique_ptr<Dataset> some_images(const Model& model) {
  torch::manual_seed(3);
  const Tensor parts = torch::rand({50, 1, 2, 2}) * 2 - 1;
  return std::make_unique<TensorDataset>(model.space(), parts.repeat_interleave(4, 2).repeat_interleave(4, 3),
                                         torch::arange(50) % 4);
}

RunOptions steps(int64_t count) {
  RunOptions options;
  options.data.path = "test";
  options.train.images = count * kBatch;
  options.train.precision = "float32";
  options.train.grid_minutes = 0;
  options.train.ramp_images = 0;  // else nodes that were split stay near ties for long
  options.train.log_every_steps = 5;
  options.train.loader.batch = kBatch;
  options.train.adam.epsilon = 1e-2;  // else a gradient of nothing but rounding makes a whole step
  return options;
}

// What a rank has at the end.
struct Ended {
  std::unique_ptr<Model> model;
  TrainSummary summary;
  std::string refused;
};

// What differs from a plain run.
struct Setting {
  bool resume = false;
  std::function<TrainWatch(int64_t)> watch;     // of each rank
  std::function<const Dataset*(int64_t)> data;  // of each rank
};

// A run of `of` ranks, whose models begin apart.
std::vector<Ended> run_of(int64_t of, const std::string& family, const std::string& run, int64_t count,
                          const Setting& setting = {}) {
  Threads threads(of);
  std::vector<Ended> all(static_cast<size_t>(of));
  for (int64_t rank = 0; rank < of; ++rank) all[rank].model = small_of(family, 7 + rank);
  const auto images = some_images(*all[0].model);
  threads.run([&](int64_t rank) {
    Ended& own = all[rank];
    const Dataset* data = setting.data ? setting.data(rank) : nullptr;
    const auto go = [&] {
      own.summary = train(*own.model, data ? *data : *images, steps(count),
                          rank > 0 ? run + "_elsewhere" : run, setting.resume, torch::kCPU,
                          setting.watch ? setting.watch(rank) : TrainWatch(), threads.rank(rank));
    };
    try {
      go();
    } catch (const std::exception& error) {
      own.refused = error.what();
    }
  });
  return all;
}

void expect_alike(Model& a, Model& b) {
  const auto one = module_tensors(a.module()), other = module_tensors(b.module());
  for (const auto& [name, tensor] : one) EXPECT_TRUE(torch::equal(tensor, other.at(name))) << name;
}

void expect_near(Model& a, Model& b) {
  const auto one = module_tensors(a.module()), other = module_tensors(b.module());
  for (const auto& [name, tensor] : one)
    EXPECT_TRUE(torch::allclose(tensor, other.at(name), 1e-5, 1e-5))
        << name << " " << (tensor - other.at(name)).abs().max().item<double>();
}

TEST(SharedRun, IsTheRunOfOneProcess) {
  for (const char* family : {"ddn", "diffusion", "classifier"}) {
    SCOPED_TRACE(family);
    const TemporaryFolder folder;
    const auto whole = run_of(1, family, folder / "whole", 20);
    const auto parts = run_of(2, family, folder / "parts", 20);
    ASSERT_EQ(whole[0].refused + parts[0].refused + parts[1].refused, "");
    expect_alike(*parts[0].model, *parts[1].model);
    expect_near(*parts[0].model, *whole[0].model);
    EXPECT_EQ(parts[1].summary.state.images, 20 * kBatch);
    EXPECT_EQ(parts[0].summary.figures, parts[1].summary.figures);
    ASSERT_EQ(parts[0].summary.figures.size(), whole[0].summary.figures.size());
    for (size_t i = 0; i < whole[0].summary.figures.size(); ++i)
      EXPECT_NEAR(parts[0].summary.figures[i].second, whole[0].summary.figures[i].second, 1e-4);
    EXPECT_TRUE(fs::exists(folder / "parts/model.safetensors"));
    EXPECT_FALSE(fs::exists(folder / "parts_elsewhere"));
  }
}

TEST(SharedRun, GoesOnWithAnotherNumberOfRanks) {
  const TemporaryFolder folder;
  const auto whole = run_of(1, "ddn", folder / "whole", 16);
  const auto watch = [](int64_t rank) {
    return [rank](const TrainMoment& moment) { return rank != 1 || moment.state.steps < 7; };
  };
  const std::string run = folder / "parts";
  const auto begun = run_of(2, "ddn", run, 16, {false, watch, {}});
  for (const Ended& each : begun) {
    EXPECT_EQ(each.refused, "");
    EXPECT_TRUE(each.summary.interrupted);
    EXPECT_EQ(each.summary.state.steps, 7);
  }
  Setting on;
  on.resume = true;
  const auto ended = run_of(4, "ddn", run, 16, on);
  for (const Ended& each : ended) {
    EXPECT_EQ(each.refused, "");
    EXPECT_FALSE(each.summary.interrupted);
    EXPECT_EQ(each.summary.state.steps, 16);
    expect_alike(*each.model, *ended[0].model);
  }
  expect_near(*ended[3].model, *whole[0].model);
}

// Samples of which one cannot be read.
class Torn : public Dataset {
 public:
  explicit Torn(const Dataset& whole) : whole_(whole) {}
  int64_t size() const override { return whole_.size(); }
  Space space() const override { return whole_.space(); }
  Batch batch(const std::vector<int64_t>& indices) const override {
    for (const int64_t index : indices) STEER_CHECK(index != 30, "[test] sample 30 is torn");
    return whole_.batch(indices);
  }

 private:
  const Dataset& whole_;
};

TEST(SharedRun, EndsOnAllRanksWhereOneFails) {
  const TemporaryFolder folder;
  const auto images = some_images(*small_of("ddn", 7));
  const Torn torn(*images);
  Setting setting;
  setting.data = [&](int64_t rank) -> const Dataset* { return rank == 1 ? &torn : images.get(); };
  const auto all = run_of(2, "ddn", folder / "run", 32, setting);
  const std::string others = "expected 2 processes to go on but 1 of them failed";
  EXPECT_NE(all[0].refused.find(others), std::string::npos) << all[0].refused;
  EXPECT_NE(all[1].refused.find("sample 30 is torn"), std::string::npos) << all[1].refused;
}

TEST(SharedRun, ABatchWithoutEqualSharesIsRefused) {
  const TemporaryFolder folder;
  for (const Ended& each : run_of(3, "ddn", folder / "run", 2))
    EXPECT_NE(each.refused.find("loader.batch: expected a multiple of 3"), std::string::npos) << each.refused;
}

TEST(SharedRun, AFolderThatTheFirstCannotTakeEndsAll) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_of(1, "ddn", folder / "run", 2)[0].refused, "");
  const auto all = run_of(2, "ddn", folder / "run", 2);
  EXPECT_NE(all[0].refused.find("holds a run already"), std::string::npos) << all[0].refused;
  EXPECT_NE(all[1].refused.find("expected 2 processes to go on but 1 of them failed"), std::string::npos)
      << all[1].refused;
}

TEST(SharedRun, ALossThatIsNotFiniteEndsAllAtOneStep) {
  const TemporaryFolder folder;
  const auto images = some_images(*small_of("ddn", 7));
  const TensorDataset bad(images->space(), images->batch({0, 1, 2}).data.x / 0,
                          torch::zeros({3}, torch::kLong));
  Setting setting;
  setting.data = [&](int64_t rank) -> const Dataset* { return rank == 1 ? &bad : images.get(); };
  const auto all = run_of(2, "ddn", folder / "run", 16, setting);
  EXPECT_NE(all[0].refused.find("not finite at step 0"), std::string::npos) << all[0].refused;
  EXPECT_NE(all[1].refused.find("not finite at step 0"), std::string::npos) << all[1].refused;
}

}  // namespace
}  // namespace steer
