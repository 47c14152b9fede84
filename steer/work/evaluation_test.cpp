#include "steer/work/evaluation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "steer/metrics/perceptual.h"
#include "steer/models/small_models.h"
#include "steer/picture/images.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"
#include "steer/work/encoding.h"

namespace steer {
namespace {

LoadedModel small_loaded(const std::string& family) {
  LoadedModel loaded;
  loaded.path = "small";
  if (family == "classifier") {
    const Json network = {{"channels", 1}, {"size", 8}, {"classes", 5}, {"widths", {8}}};
    loaded.model = make_model("classifier", {{"network", network}}, 7);
  } else if (family == "ddn") {
    loaded.model = small_ddn("pyramid");
  } else {
    loaded.model = small_diffusion("edm");
  }
  return loaded;
}

EvaluationOptions of_shapes(int64_t count) {
  EvaluationOptions options;
  options.source.data = "shapes";
  options.source.count = count;
  return options;
}

TEST(Evaluation, CodesAreMeasuredByTheErrorOfWhatTheyDecodeTo) {
  const LoadedModel loaded = small_loaded("ddn");
  EvaluationOptions options = of_shapes(7);
  options.batch = 3;
  const Evaluation found = evaluate(loaded, options, torch::kCPU);
  ASSERT_TRUE(found.codes);
  const LoadedSamples data = options.source.load(loaded.model->space());
  const Encoded encoded = as_codec(loaded, "test").encode(data.state);
  const double mse = (encoded.state.x - data.state.x).square().mean().item<double>();
  EXPECT_NEAR(found.codes->mse, mse, 1e-6);
  EXPECT_EQ(found.codes->layers.size(), 6u);
  EXPECT_EQ(found.codes->layers.back().places, (std::vector<int64_t>{8, 8}));
  EXPECT_DOUBLE_EQ(found.codes->latent_bits, 18);
  EXPECT_LE(found.codes->first_order_bits, 6 * std::log2(7));
  EXPECT_EQ(found.figures["images"], 7);
  EXPECT_EQ(found.figures["layers"].size(), 6u);
  EXPECT_EQ(found.figures["split"], "test");
  EXPECT_FALSE(found.picture.defined());
}

TEST(Evaluation, FiguresOfCodesDoNotDependOnTheBatch) {
  const LoadedModel loaded = small_loaded("ddn");
  EvaluationOptions options = of_shapes(5);
  const auto by = [&](int64_t batch) {
    options.batch = batch;
    return *evaluate(loaded, options, torch::kCPU).codes;
  };
  const CodeEvaluation two = by(2), five = by(5);
  EXPECT_EQ(two.distinct_codes, five.distinct_codes);
  EXPECT_EQ(two.first_order_bits, five.first_order_bits);
  for (size_t l = 0; l < two.layers.size(); ++l) {
    EXPECT_EQ(two.layers[l].used, five.layers[l].used);
    EXPECT_NEAR(two.layers[l].mse, five.layers[l].mse, 1e-7);
  }
}

TEST(Evaluation, UsageCountsNodesAndCodes) {
  const auto model = small_ddn("pyramid");
  Encoded encoded;
  encoded.code = torch::tensor({{0, 0, 0, 0, 0, 0}, {1, 0, 0, 0, 0, 0}, {1, 0, 0, 0, 0, 0}}, torch::kInt64);
  encoded.error = torch::full({3, 6}, 0.25, torch::kFloat64);
  const CodeEvaluation found = evaluate_codes(*model, encoded);
  EXPECT_EQ(found.distinct_codes, 2);
  EXPECT_EQ(found.layers[0].used, 2);
  EXPECT_EQ(found.layers[1].used, 1);
  EXPECT_NEAR(found.nodes_used, 7.0 / 48, 1e-12);
  EXPECT_NEAR(found.first_order_bits, std::log2(3) - 2.0 / 3, 1e-12);
  EXPECT_DOUBLE_EQ(found.mse, 0.25);
}

TEST(Evaluation, ATaskWithTruthStandsBesideTrivialAnswers) {
  EvaluationOptions options = of_shapes(4);
  options.objective = "super_resolve(factor=2)";
  options.settings = {{"top", 1}};
  const Evaluation found = evaluate(small_loaded("ddn"), options, torch::kCPU);
  ASSERT_TRUE(found.task);
  std::vector<std::string> names;
  for (const Answer& answer : found.task->answers) {
    names.push_back(answer.name);
    EXPECT_GT(answer.mse, 0);
    EXPECT_EQ(found.figures[answer.name]["psnr"], answer.psnr);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"guided", "as given", "mean image", "bicubic"}));
  EXPECT_EQ(found.task->given.size(), 4);
  EXPECT_EQ(found.figures["guidance"]["top"], 1);
  EXPECT_TRUE(found.picture.defined());
}

TEST(Evaluation, AnswersAreComparedWithTheTruthByFeatures) {
  const TemporaryFolder folder;
  const std::string network = folder / "features.safetensors";
  save_model(network, *small_loaded("classifier").model, {}, nullptr);
  EvaluationOptions options = of_shapes(4);
  options.objective = "super_resolve(factor=2)", options.features = network;
  options.settings = {{"top", 1}};
  const Evaluation found = evaluate(small_loaded("ddn"), options, torch::kCPU);
  ASSERT_TRUE(found.task);
  const SavedNetwork features = load_features(network, torch::kCPU);
  const Tensor truth = options.source.load(small_ddn("pyramid")->space()).state.x;
  EXPECT_EQ(found.task->answers.size(), 4u);
  EXPECT_NEAR(found.task->answers[0].perceptual.value(),
              perceptual_distance(features, found.task->made.state.x, truth), 1e-9);
  EXPECT_NEAR(found.task->answers[1].perceptual.value(),
              perceptual_distance(features, found.task->given.x, truth), 1e-9);
  for (const Answer& answer : found.task->answers)
    EXPECT_EQ(found.figures[answer.name]["perceptual"], answer.perceptual.value());
}

TEST(Evaluation, WithoutDataAnObjectiveIsScoredAlone) {
  EvaluationOptions options;
  options.objective = "gaussian(mean=0, std=1)";
  options.source.count = 3;
  const Evaluation found = evaluate(small_loaded("ddn"), options, torch::kCPU);
  ASSERT_TRUE(found.task);
  EXPECT_TRUE(found.task->answers.empty());
  EXPECT_EQ(found.task->made.scores.size(0), 3);
  EXPECT_FALSE(found.figures.contains("data"));
}

TEST(Evaluation, AClassifierIsMeasuredOnLabels) {
  const Evaluation found = evaluate(small_loaded("classifier"), of_shapes(30), torch::kCPU);
  ASSERT_TRUE(found.accuracy);
  EXPECT_EQ(found.accuracy->confusion.sum().item<int64_t>(), 30);
  EXPECT_EQ(found.figures["confusion"].size(), 5u);
}

TEST(Evaluation, UnguidedSamplesAreComparedWithAsManyOfTheData) {
  const TemporaryFolder folder;
  const std::string file = folder / "features.safetensors";
  save_model(file, *small_loaded("classifier").model, {}, nullptr);
  EvaluationOptions options = of_shapes(12);
  options.features = file;
  const Evaluation found = evaluate(small_loaded("ddn"), options, torch::kCPU);
  ASSERT_TRUE(found.samples);
  ASSERT_TRUE(found.samples->fidelity);
  const Fidelity& fidelity = *found.samples->fidelity;
  EXPECT_EQ(fidelity.reference, 12);
  EXPECT_EQ(fidelity.others, 12);
  EXPECT_EQ(fidelity.other, "train");
  EXPECT_EQ(found.figures["frechet"], fidelity.made.frechet);
  // An untrained model is farther from the data than other data are.
  EXPECT_GT(fidelity.made.frechet, fidelity.real.frechet);
}

TEST(Evaluation, PointsAreMeasuredWithoutANetwork) {
  const Json options = {
      {"network", "mlp"}, {"mlp", {{"width", 8}, {"blocks", 1}}}, {"process", {{"type", "flow"}}}};
  LoadedModel loaded;
  loaded.path = "small";
  loaded.model = make_model("diffusion", options, 7);
  EvaluationOptions points;
  points.source.data = "points:two_moons";
  points.source.count = 200;
  points.batch = 200;
  points.settings = {{"steps", 2}};
  const Evaluation found = evaluate(loaded, points, torch::kCPU);
  ASSERT_TRUE(found.samples);
  ASSERT_FALSE(found.samples->made.empty());
  ASSERT_EQ(found.samples->made.size(), found.samples->real.size());
  // An untrained model is farther from the data than other data are.
  for (size_t i = 0; i < found.samples->made.size(); ++i)
    EXPECT_GT(found.samples->made[i].value, found.samples->real[i].value) << found.samples->made[i].name;
  points.objective = "near(std=0.1)";
  const Evaluation guided = evaluate(loaded, points, torch::kCPU);
  ASSERT_TRUE(guided.task);
  EXPECT_EQ(guided.task->answers.front().name, "guided");
}

TEST(Evaluation, DataAreNoFartherFromThemselvesThanNothing) {
  const TemporaryFolder folder;
  const std::string file = folder / "features.safetensors";
  save_model(file, *small_loaded("classifier").model, {}, nullptr);
  const Space space = small_ddn("pyramid")->space();
  const SampleSource source = of_shapes(12).source;
  const Fidelity found =
      fidelity(file, source.load(space).state, real_samples(source, space, source.load(space).state.size()),
               source.data, torch::kCPU);
  EXPECT_NEAR(found.made.frechet, 0, 1e-4);
  EXPECT_DOUBLE_EQ(found.made.precision, 1);
  EXPECT_DOUBLE_EQ(found.made.recall, 1);
}

TEST(Evaluation, SamplesThatRepeatTrainingSamplesAreTold) {
  const Space space = small_ddn("pyramid")->space();
  const DataOptions train = fitting_options("shapes", "train", "", space, 60);
  const State held_out = load_samples("shapes", "test", "", space, 40).state;
  const Repeating copies = repeating(load_samples("shapes", "train", "", space, 9).state, held_out, train);
  EXPECT_DOUBLE_EQ(copies.made, 1);
  EXPECT_LT(copies.held_out, 0.2);
  EXPECT_EQ(copies.trained, 60);
  EXPECT_TRUE(at::equal(copies.nearest.x, load_samples("shapes", "train", "", space, 9).state.x));
  EvaluationOptions options = of_shapes(6);
  options.neighbours = true;
  const Evaluation found = evaluate(small_loaded("ddn"), options, torch::kCPU);
  ASSERT_TRUE(found.samples && found.samples->repeating);
  EXPECT_EQ(found.samples->repeating->made, 0);
  EXPECT_EQ(found.samples->repeating->nearest.size(), 6);
  EXPECT_EQ(found.figures["repeating"]["samples"], 0);
  EXPECT_TRUE(found.picture.defined());
}

TEST(Evaluation, FilesStandInForSamples) {
  const TemporaryFolder folder;
  const std::string network = folder / "features.safetensors";
  save_model(network, *small_loaded("classifier").model, {}, nullptr);
  const Space space = small_ddn("pyramid")->space();
  const State train = load_samples("shapes", "train", "", space, 12).state;
  std::filesystem::create_directories(folder / "made");
  for (int64_t i = 0; i < 12; ++i)
    write_png(folder / ("made/" + std::to_string(10 + i) + ".png"), train.x[i]);
  EvaluationOptions options = of_shapes(0);
  options.source.split = "train";
  options.samples = folder / "made", options.features = network, options.neighbours = true;
  // A model that draws nothing does too.
  for (const char* family : {"ddn", "classifier"}) {
    const Evaluation found = evaluate(small_loaded(family), options, torch::kCPU);
    ASSERT_TRUE(found.samples && found.samples->fidelity && found.samples->repeating);
    EXPECT_EQ(found.count, 12);
    EXPECT_NEAR(found.samples->fidelity->made.frechet, 0, 1e-2);
    EXPECT_EQ(found.samples->repeating->made, 1);
    EXPECT_EQ(found.figures["files"], options.samples);
    EXPECT_FALSE(found.figures.contains("seconds_per_sample"));
  }
}

TEST(Evaluation, WhatIsMissingIsSaid) {
  const auto refused = [](const std::string& family, const EvaluationOptions& options) {
    return refusal([&] { evaluate(small_loaded(family), options, torch::kCPU); });
  };
  EXPECT_NE(refused("ddn", {}).find("expected --data"), std::string::npos);
  EXPECT_NE(refused("diffusion", of_shapes(2)).find("a model with codes"), std::string::npos);
  EvaluationOptions guided = of_shapes(2);
  guided.objective = "super_resolve(factor=2)";
  EXPECT_NE(refused("classifier", guided).find("expected a model that samples"), std::string::npos);
  guided.judge.judge = "nowhere";
  EXPECT_NE(refused("ddn", guided).find("asks for a class"), std::string::npos);
  // What is of unguided samples is not passed over in silence beside an objective.
  guided.judge.judge = "", guided.samples = "nowhere";
  EXPECT_NE(refused("ddn", guided).find("--samples: expected no --objective"), std::string::npos);
  guided.neighbours = true;
  EXPECT_NE(refused("ddn", guided).find("--neighbours: expected no --objective"), std::string::npos);
  EvaluationOptions alone;
  alone.objective = "gaussian(mean=0, std=1)", alone.source.count = 2, alone.features = "nowhere";
  EXPECT_NE(refused("ddn", alone).find("--features: expected --data"), std::string::npos);
}

}  // namespace
}  // namespace steer
