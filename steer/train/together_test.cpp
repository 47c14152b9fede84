#include "steer/train/together.h"

#include <gtest/gtest.h>

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/tensors.h"
#include "steer/models/small_models.h"
#include "steer/train/learner.h"
#include "steer/train/small_together.h"

namespace steer {
namespace {

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

TEST(Together, AllTakeWhatTheFirstHasBitForBit) {
  Threads threads(3);
  const Tensor odd = torch::tensor({-0.0, std::nan(""), 1e-300, 3.0}, torch::kFloat64);
  threads.run([&](int64_t rank) {
    const Tensor numbers = rank == 0 ? odd.clone() : torch::full({4}, std::nan(""), torch::kFloat64);
    const Tensor flags = torch::tensor({rank == 0, rank > 0}), none = torch::empty({0});
    const Tensor turned = (torch::arange(6, torch::kInt16) * (rank + 1)).view({2, 3}).t();
    take_of_first(threads.rank(rank), {numbers, flags, none, turned});
    EXPECT_TRUE(torch::equal(numbers.view(torch::kInt64), odd.view(torch::kInt64)));
    EXPECT_TRUE(torch::equal(flags, torch::tensor({true, false})));
    EXPECT_TRUE(torch::equal(turned, torch::arange(6, torch::kInt16).view({2, 3}).t()));

    Checkpoint own;
    own.tensors["rank"] = torch::full({}, rank, torch::kFloat16);
    if (rank == 0) own.metadata["word"] = "\"quoted\" \xc3\xa9";
    if (rank == 1) own.tensors["other"] = torch::ones({3});
    const Checkpoint taken = of_first(threads.rank(rank), own);
    ASSERT_EQ(taken.tensors.size(), 1u);
    EXPECT_TRUE(torch::equal(taken.tensors.at("rank"), torch::zeros({}, torch::kFloat16)));
    EXPECT_EQ(taken.metadata, (std::map<std::string, std::string>{{"word", "\"quoted\" \xc3\xa9"}}));
  });
}

TEST(Together, RanksThatCannotBeAreRefused) {
  const auto model = small_ddn("pyramid");
  EXPECT_THROW(Learner(*model, TrainOptions{}, {2, 2, [](const std::vector<Tensor>&) {}}), Error);
  EXPECT_THROW(Learner(*model, TrainOptions{}, {0, 2, {}}), Error);
}

}  // namespace
}  // namespace steer
