#include "steer/train/together.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/tensors.h"
#include "steer/models/small_models.h"
#include "steer/train/learner.h"

namespace steer {
namespace {

// Threads of one process as ranks: each waits until all have come, the last adds up.
class Threads {
 public:
  explicit Threads(int64_t of) : of_(of) {}

  Together rank(int64_t rank) {
    return {rank, of_, [this, rank](const std::vector<Tensor>& tensors) { sum(rank, tensors); }};
  }

  // Every rank's work, side by side.
  void run(const std::function<void(int64_t)>& work) const {
    std::vector<std::thread> threads;
    for (int64_t rank = 0; rank < of_; ++rank) threads.emplace_back(work, rank);
    for (std::thread& thread : threads) thread.join();
  }

 private:
  void sum(int64_t rank, const std::vector<Tensor>& tensors) {
    std::unique_lock<std::mutex> lock(mutex_);
    const int64_t round = round_;
    shares_[rank] = tensors;
    if (static_cast<int64_t>(shares_.size()) < of_) {
      arrived_.wait(lock, [&] { return round_ != round; });
      return;
    }
    for (size_t i = 0; i < tensors.size(); ++i) {
      Tensor whole = shares_[0][i].clone();
      for (int64_t other = 1; other < of_; ++other) whole += shares_[other][i];
      for (auto& [other, share] : shares_) share[i].copy_(whole);
    }
    shares_.clear();
    ++round_;
    arrived_.notify_all();
  }

  int64_t of_, round_ = 0;
  std::map<int64_t, std::vector<Tensor>> shares_;
  std::mutex mutex_;
  std::condition_variable arrived_;
};

constexpr int64_t kSteps = 6, kRows = 12;

Batch batch_of_step(const Model& model, int64_t step) {
  torch::manual_seed(static_cast<uint64_t>(100 + step));
  Batch batch;
  batch.data.x = torch::rand(with_rows(kRows, model.space().sizes)) * 2 - 1;
  return batch;
}

TrainOptions some_training() {
  TrainOptions options;
  options.adam.epsilon = 1e-2;  // else a gradient of nothing but rounding makes a whole step
  return options;
}

std::unique_ptr<Model> splitting_ddn(const std::string& network) {
  Json options = small_ddn_options(network);
  options["split"] = {{"half_life_images", 20}, {"most", 2}};
  return make_model("ddn", options, 7);
}

double splits_in(const Figures& figures) {
  for (const auto& [name, value] : figures)
    if (name == "splits") return value.item<double>();
  return -1;
}

// All steps; returns the splits of each.
std::vector<double> learn(Model& model, const std::vector<Batch>& batches, const Together& together) {
  Learner learner(model, some_training(), together);
  std::vector<double> splits;
  for (int64_t step = 0; step < kSteps; ++step) {
    const int64_t rows = kRows / together.of;
    Batch share;
    share.data = batches[static_cast<size_t>(step)].data.narrow(together.rank * rows, rows);
    splits.push_back(splits_in(learner.step(share, 1, 1e-3)));
  }
  EXPECT_EQ(learner.images, kSteps * kRows);
  EXPECT_EQ(learner.first_bad_step(), -1);
  return splits;
}

TEST(Together, HalvesOfABatchTeachWhatTheWholeDoes) {
  for (const char* network : {"pyramid", "recurrent"}) {
    const auto whole = splitting_ddn(network);
    std::vector<Batch> batches;
    for (int64_t step = 0; step < kSteps; ++step) batches.push_back(batch_of_step(*whole, step));
    const std::vector<double> splits = learn(*whole, batches, {});
    double all_splits = 0;
    for (const double some : splits) all_splits += some;
    EXPECT_GT(all_splits, 0) << network;

    Threads threads(2);
    const std::unique_ptr<Model> parts[] = {splitting_ddn(network), splitting_ddn(network)};
    std::vector<double> part_splits[2];
    threads.run([&](int64_t rank) { part_splits[rank] = learn(*parts[rank], batches, threads.rank(rank)); });

    const auto expected = module_tensors(whole->module()), first = module_tensors(parts[0]->module()),
               second = module_tensors(parts[1]->module());
    for (const auto& [name, tensor] : expected) {
      EXPECT_TRUE(torch::equal(first.at(name), second.at(name))) << network << " " << name;
      if (name.find("counts") != std::string::npos || name.find("idle") != std::string::npos)
        EXPECT_TRUE(torch::equal(first.at(name), tensor)) << network << " " << name;
      else
        EXPECT_TRUE(torch::allclose(first.at(name), tensor, 1e-4, 1e-5)) << network << " " << name;
    }
    for (const auto& each : part_splits) EXPECT_EQ(each, splits) << network;
  }
}

TEST(Together, LossesAndFiguresAreThoseOfTheWholeBatch) {
  const auto whole = splitting_ddn("pyramid");
  const Batch batch = batch_of_step(*whole, 0);
  const Figures expected = Learner(*whole, some_training()).step(batch, 1, 1e-3);
  Threads threads(3);
  std::vector<std::unique_ptr<Model>> parts;  // made here: threads share the generator of initial values
  for (int i = 0; i < 3; ++i) parts.push_back(splitting_ddn("pyramid"));
  threads.run([&](int64_t rank) {
    Learner learner(*parts[static_cast<size_t>(rank)], some_training(), threads.rank(rank));
    Batch share;
    share.data = batch.data.narrow(rank * kRows / 3, kRows / 3);
    const Figures figures = learner.step(share, 1, 1e-3);
    ASSERT_EQ(figures.size(), expected.size());
    for (size_t i = 0; i < figures.size(); ++i)
      EXPECT_NEAR(figures[i].second.item<double>(), expected[i].second.item<double>(), 1e-5)
          << figures[i].first;
  });
}

TEST(Together, ALossThatIsBadOnOneRankIsBadOnAll) {
  Threads threads(2);
  const std::unique_ptr<Model> parts[] = {splitting_ddn("pyramid"), splitting_ddn("pyramid")};
  const Batch good = batch_of_step(*parts[0], 0);
  threads.run([&](int64_t rank) {
    Learner learner(*parts[rank], some_training(), threads.rank(rank));
    Batch batch = good;
    if (rank == 1) batch.data.x = batch.data.x / 0;
    learner.step(batch, 1, 1e-3);
    EXPECT_EQ(learner.first_bad_step(), 0);
  });
}

TEST(Together, SharesHaveNoiseOfTheirOwn) {
  Threads threads(2);
  EXPECT_NE(seed_of_share(threads.rank(0), 5), seed_of_share(threads.rank(1), 5));
  EXPECT_EQ(seed_of_share({}, 5), 5u);
}

TEST(Together, RanksThatCannotBeAreRefused) {
  const auto model = small_ddn("pyramid");
  EXPECT_THROW(Learner(*model, TrainOptions{}, {2, 2, [](const std::vector<Tensor>&) {}}), Error);
  EXPECT_THROW(Learner(*model, TrainOptions{}, {0, 2, {}}), Error);
}

}  // namespace
}  // namespace steer
