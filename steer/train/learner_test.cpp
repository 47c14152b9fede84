#include "steer/train/learner.h"

#include <gtest/gtest.h>

#include "steer/core/host.h"
#include "steer/core/host_reads.h"
#include "steer/core/json.h"
#include "steer/core/tensors.h"
#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"
#include "steer/text/text_space.h"

namespace steer {
namespace {

Batch some_batch(const Model& model, int64_t count) {
  torch::manual_seed(5);
  Batch batch;
  batch.data.x = torch::rand(with_rows(count, model.space().sizes)) * 2 - 1;
  batch.told.label = at::arange(count, torch::kInt64).remainder(3);
  return batch;
}

// One of each kind whose training differs.
std::vector<std::unique_ptr<Model>> models() {
  std::vector<std::unique_ptr<Model>> all;
  for (const char* network : {"pyramid", "recurrent"})
    for (const char* balance : {"split", "bias"})
      for (const char* condition : {"none", "class"}) {
        Json options = small_ddn_options(network);
        options["balance"] = balance;
        options["chain_dropout"] = 0.1;
        options["condition"] = {{"type", condition}, {"classes", 3}};
        all.push_back(make_model("ddn", options, 7));
      }
  for (const char* process : {"edm", "flow", "ddpm"}) all.push_back(small_diffusion(process));
  all.push_back(small_diffusion("edm", 3));
  return all;
}

std::unique_ptr<Model> small_text_model() {
  return make_model(
      "ar",
      {{"transformer", {{"width", 16}, {"blocks", 2}, {"heads", 2}, {"condition", 8}}},
       {"text", {{"alphabet", text_space(Tokenizer::characters("abcdefgh"), 1).alphabet}, {"length", 12}}}},
      3);
}

Batch alternating_texts() {
  Batch batch;
  batch.data.token = at::arange(96, torch::kInt64).remainder(7).view({8, 12});
  batch.told.label = at::full({8}, -1, torch::kInt64);
  return batch;
}

TEST(Learner, MuonMovesTheMatricesOfATransformerAndAdamTheRest) {
  const auto model = small_text_model();
  TrainOptions options;
  options.optimiser = "muon";
  Learner learner(*model, options);
  EXPECT_EQ(learner.muon.state().size(), 8u);  // four of each block
  EXPECT_EQ(learner.adam.parameters().size() + 8, model->trainable_parameters().size());
  const Batch batch = alternating_texts();
  std::map<std::string, Tensor> before;
  for (const auto& [name, parameter] : model->trainable_parameters())
    before[name] = parameter.detach().clone();
  double first = 0, last = 0;
  for (int i = 0; i < 30; ++i) {
    const double loss = learner.step(batch, static_cast<uint64_t>(i), 1e-2)[0].second.item<double>();
    (i == 0 ? first : last) = loss;
  }
  EXPECT_LT(last, 0.7 * first);
  for (const auto& [name, parameter] : model->trainable_parameters())
    EXPECT_GT((parameter - before[name]).abs().max().item<float>(), 1e-4) << name;
}

TEST(Learner, BothOptimisersGoOnFromTheirState) {
  const Batch batch = alternating_texts();
  TrainOptions options;
  options.optimiser = "muon";
  const auto model = small_text_model(), other = small_text_model();
  Learner whole(*model, options), first(*other, options), second(*other, options);
  for (uint64_t i = 0; i < 6; ++i) whole.step(batch, i, 1e-2);
  for (uint64_t i = 0; i < 3; ++i) first.step(batch, i, 1e-2);
  second.load_optimisers(first.optimiser_state(), "[resume] f");
  for (uint64_t i = 3; i < 6; ++i) second.step(batch, i, 1e-2);
  const NamedTensors a = model->trainable_parameters(), b = other->trainable_parameters();
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(torch::equal(a[i].second, b[i].second)) << a[i].first;
}

TEST(Learner, MuonIsForTransformers) {
  TrainOptions options;
  options.optimiser = "muon";
  const auto model = small_diffusion("edm");
  EXPECT_NE(refusal([&] { Learner(*model, options); }).find("train.optimiser: expected adam for a diffusion"),
            std::string::npos);
}

TEST(Learner, OnADeviceAStepReadsNothingBack) {
  const AsOnADevice device;
  for (auto& model : models()) {
    Learner learner(*model, TrainOptions{});
    const Batch batch = some_batch(*model, 8);
    learner.step(batch, 1, 1e-3);
    const HostReads reads;
    const Figures figures = learner.step(batch, 2, 1e-3);
    EXPECT_EQ(reads.seen(), 0) << model->options().dump();
    EXPECT_FALSE(figures.empty());
  }
}

// Losses, not weights: where a gradient is nothing but rounding, Adam makes a whole step of it.
TEST(Learner, OnADeviceItLearnsTheSame) {
  std::vector<std::vector<double>> losses;  // of all models, here and there
  for (const bool on_a_device : {false, true}) {
    std::optional<AsOnADevice> device;
    if (on_a_device) device.emplace();
    losses.emplace_back();
    for (const auto& model : models()) {
      Learner learner(*model, TrainOptions{});
      const Batch batch = some_batch(*model, 8);
      for (uint64_t step = 0; step < 4; ++step) learner.step(batch, step, 1e-3);
      losses.back().push_back(model->loss(batch, 9).loss.item<double>());
    }
  }
  ASSERT_FALSE(losses[0].empty());
  for (size_t i = 0; i < losses[0].size(); ++i)
    EXPECT_NEAR(losses[0][i], losses[1][i], 2e-3 * losses[0][i]) << "model " << i;
}

TEST(Learner, AReadIsSeen) {
  const HostReads reads;
  torch::ones({3}).sum().item<float>();
  EXPECT_EQ(reads.seen(), 1);
}

TEST(Learner, RecomputingLearnsTheSame) {
  for (const char* network : {"pyramid", "recurrent", "unet"}) {
    std::vector<NamedTensors> results;
    for (const bool recompute : {false, true}) {
      // Dropout is made again too.
      std::unique_ptr<Model> model;
      if (network == std::string("unet")) {
        Json options = small_diffusion("edm")->options();
        options["unet"]["dropout"] = 0.2;
        model = make_model("diffusion", options, 7);
      } else {
        Json options = small_ddn_options(network);
        options["pyramid"]["dropout"] = 0.2;
        model = make_model("ddn", options, 7);
      }
      TrainOptions options;
      options.recompute = recompute;
      Learner learner(*model, options);
      for (uint64_t step = 0; step < 3; ++step) learner.step(some_batch(*model, 6), step, 1e-3);
      EXPECT_EQ(learner.first_bad_step(), -1);
      EXPECT_EQ(learner.images, 18);
      results.push_back(model->trainable_parameters());
    }
    for (size_t i = 0; i < results[0].size(); ++i)
      EXPECT_TRUE(torch::allclose(results[0][i].second, results[1][i].second, 1e-4, 1e-5))
          << network << ": " << results[0][i].first;
  }
}

TEST(Learner, TheFirstBadStepIsRemembered) {
  auto model = small_ddn("pyramid");
  Learner learner(*model, TrainOptions{});
  const Batch good = some_batch(*model, 4);
  Batch bad = good;
  bad.data.x = bad.data.x / 0;
  learner.step(good, 1, 1e-3);
  EXPECT_EQ(learner.first_bad_step(), -1);
  learner.step(bad, 2, 1e-3);
  learner.step(good, 3, 1e-3);
  EXPECT_EQ(learner.first_bad_step(), 1);
}

}  // namespace
}  // namespace steer
