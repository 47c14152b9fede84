#include "steer/models/diffusers_model.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/models/small_models.h"
#include "steer/nn/module_tensors.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

Tensor drawn(DiffusionModel& model, const Tensor& label) {
  SamplerOptions sampler = suited_sampler(model.process().type());
  sampler.levels.steps = 4;
  return model.draw({sample_seeds(3, 2), {label, {}}}, nullptr, settings_of(sampler)).state.x;
}

// A small model drawn as imported ones are.
std::unique_ptr<DiffusionModel> suited(const std::string& process, int64_t classes = 0) {
  DiffusionOptions options = small_diffusion(process, classes)->settings();
  options.sampler = is_of_table(process) ? published_sampler() : suited_sampler(process);
  return std::make_unique<DiffusionModel>(options);
}

// The model with weights that do something, out and in again.
std::unique_ptr<DiffusionModel> there_and_back(DiffusionModel& model, const std::string& folder,
                                               const DiffusersImport& options = {}) {
  for (Tensor& parameter : model.module().parameters()) parameter.detach().add_(0.02);
  export_diffusers(folder, model);
  return import_diffusers(folder, options);
}

void change_json(const std::string& path, const Json& changes) {
  Json json = read_json_file(path);
  json.update(changes);
  write_file(path, json.dump());
}

TEST(DiffusersModel, ComesBackAsTheSameGenerator) {
  const TemporaryFolder folder;
  for (const char* process : {"ddpm", "cosine", "edm", "flow"}) {
    auto model = suited(process, 3);
    const auto back = there_and_back(*model, folder / process);
    EXPECT_EQ(back->process().type(), process);
    EXPECT_EQ(back->settings().prediction, model->settings().prediction);
    EXPECT_EQ(options_json(back->sampler()), options_json(model->sampler()));
    // The last class of the network still says "no class".
    EXPECT_EQ(back->needs().classes, 3);
    EXPECT_EQ(back->settings().label_dropout, model->settings().label_dropout);
    const Tensor label = torch::tensor({2, 3});
    EXPECT_LT((drawn(*back, label) - drawn(*model, label)).abs().max().item<double>(), 1e-5) << process;
    SamplerOptions guided = back->sampler();
    guided.levels.steps = 3, guided.scale = 2;
    const DrawRequest request{sample_seeds(3, 2), {torch::tensor({0, 2}), {}}};
    EXPECT_TRUE(torch::equal(back->draw(request, nullptr, settings_of(guided)).state.x,
                             model->draw(request, nullptr, settings_of(guided)).state.x));
  }
}

TEST(DiffusersModel, HowSamplesAreHeldComesBackToo) {
  const TemporaryFolder folder;
  DiffusionOptions options = suited("ddpm")->settings();
  options.sampler.solver.clip_x0 = true, options.sampler.solver.clip_range = 2;
  options.sampler.solver.variance = "large";
  options.sampler.levels.type = "ddpm_leading", options.sampler.levels.offset = 1;
  DiffusionModel model(options);
  const auto back = there_and_back(model, folder.path());
  EXPECT_EQ(options_json(back->sampler()), options_json(model.sampler()));
  const Json schedule = read_json_file(folder / "scheduler/scheduler_config.json");
  EXPECT_EQ(schedule["variance_type"], "fixed_large");
  EXPECT_EQ(schedule["clip_sample_range"], 2);
  // Another solver keeps to the model's range and variance.
  const Json solver = back->plan(nullptr, {{"solver", "ddpm"}})->settings()["sampler"]["solver"];
  EXPECT_EQ(solver["variance"], "large");
  EXPECT_EQ(solver["clip_range"], 2);
  EXPECT_EQ(solver["clip_x0"], true);
}

TEST(DiffusersModel, ALastClassThatTheFolderDoesNotTellOfMayBeNamed) {
  const TemporaryFolder folder;
  auto model = small_diffusion("ddpm", 3);
  there_and_back(*model, folder.path());
  change_json(folder / "unet/config.json", {{"_steer_label_dropout", 0}});
  EXPECT_EQ(import_diffusers(folder.path())->needs().classes, 4);
  DiffusersImport options;
  options.last_is_no_class = true;
  const auto back = import_diffusers(folder.path(), options);
  EXPECT_EQ(back->needs().classes, 3);
  EXPECT_TRUE(back->knows_no_class());
  auto without = small_diffusion("ddpm");
  EXPECT_NE(refusal([&] { there_and_back(*without, folder / "b", options); }).find("a network of classes"),
            std::string::npos);
}

TEST(DiffusersModel, ASizeThatTheFolderDoesNotTellIsAskedFor) {
  const TemporaryFolder folder;
  auto model = small_diffusion("ddpm");
  there_and_back(*model, folder.path());
  change_json(folder / "unet/config.json", {{"sample_size", nullptr}});
  EXPECT_NE(refusal([&] { import_diffusers(folder.path()); }).find("--size N"), std::string::npos);
  DiffusersImport options;
  options.size = 16;
  EXPECT_EQ(import_diffusers(folder.path(), options)->space().sizes, (std::vector<int64_t>{1, 16, 16}));
  options.size = 15;
  EXPECT_NE(refusal([&] { import_diffusers(folder.path(), options); }).find("sample_size"),
            std::string::npos);
}

TEST(DiffusersModel, ContinuousTimesAreTheLogarithmOfTheNoise) {
  const TemporaryFolder folder;
  auto model = small_diffusion("ddpm");
  there_and_back(*model, folder.path());
  const std::string schedule = folder / "scheduler/scheduler_config.json";
  write_file(schedule, Json({{"_class_name", "EulerDiscreteScheduler"},
                             {"prediction_type", "v_prediction"},
                             {"timestep_type", "continuous"},
                             {"sigma_max", 700}})
                           .dump());
  const auto back = import_diffusers(folder.path());
  EXPECT_EQ(back->process().sigma_max(), 700);
  EXPECT_NEAR(back->process().sigma_min(), 0.0100005, 1e-6);  // the root of 1e-4 / (1 - 1e-4)
  // D = xbar / (sigma^2 + 1) - sigma / sqrt(sigma^2 + 1) F(xbar / sqrt(sigma^2 + 1); ln(sigma) / 4).
  const Tensor x = normal_rows(sample_seeds(1, 2), 0, {1, 8, 8}), sigma = torch::tensor({3.0, 0.5});
  const Tensor s = sigma.view({2, 1, 1, 1}), root = (s * s + 1).sqrt();
  const torch::NoGradGuard no_grad;
  const Tensor f = back->network()->forward(x / root, sigma.log() / 4);
  const Tensor expected = x / (root * root) - s / root * f;
  EXPECT_LT((back->denoiser()(x, sigma) - expected).abs().max().item<double>(), 1e-5);
  // Of other predictions the library takes the word for nothing.
  change_json(schedule, {{"prediction_type", "epsilon"}});
  EXPECT_EQ(import_diffusers(folder.path())->process().type(), "ddpm");
}

TEST(DiffusersModel, AFlowIsToldItsTimeInTheStepsOfItsFile) {
  const TemporaryFolder folder;
  auto model = small_diffusion("flow");
  there_and_back(*model, folder.path());
  EXPECT_EQ(read_json_file(folder / "scheduler/scheduler_config.json")["num_train_timesteps"], 999);
  change_json(folder / "scheduler/scheduler_config.json", {{"num_train_timesteps", 1000}, {"shift", 3}});
  const auto back = import_diffusers(folder.path());
  EXPECT_NEAR(back->process().noise_label(torch::tensor({1.0}, torch::kFloat64)).item<double>(), 500, 1e-9);
  EXPECT_EQ(back->sampler().levels.shift, 3);
}

TEST(DiffusersModel, WhatNoSchedulerSuitsIsRefusedWithTheReason) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& process, const std::string& prediction) {
    DiffusionOptions options = small_diffusion(process)->settings();
    options.prediction = prediction;
    DiffusionModel model(options);
    return refusal([&] { export_diffusers(folder / "x", model); });
  };
  EXPECT_NE(refused("vp", "eps").find("expected a model of the process ddpm, cosine, edm or flow"),
            std::string::npos);
  EXPECT_NE(refused("flow", "x0").find("to predict velocity, as"), std::string::npos);
  EXPECT_NE(refused("ddpm", "score").find("to predict eps or x0 or v, as"), std::string::npos);
  EXPECT_NE(refused("edm", "v").find("a sigma_data of 1"), std::string::npos);
  const auto changed = [&](const Json& changes) {
    auto model = small_diffusion("ddpm");
    export_diffusers(folder.path(), *model);
    change_json(folder / "scheduler/scheduler_config.json", changes);
    return refusal([&] { import_diffusers(folder.path()); });
  };
  EXPECT_NE(changed({{"beta_schedule", "scaled_linear"}}).find("scaled_linear"), std::string::npos);
  EXPECT_NE(changed({{"beta_start", 0.02}}).find("beta_start below beta_end"), std::string::npos);
  EXPECT_NE(changed({{"num_train_timesteps", 1}}).find("at least 2 num_train_timesteps"), std::string::npos);
  EXPECT_EQ(changed({{"num_train_timesteps", 30}}), "accepted");
}

TEST(DiffusersModel, ANetworkThatGivesAVarianceTooIsRefused) {
  const TemporaryFolder folder;
  DiffusersModel model;
  model.network = small_diffusion("ddpm")->settings().unet;
  model.network.out_channels = 2;
  UNet network(model.network);
  model.tensors = module_tensors(*network);
  write_diffusers(folder.path(), model);
  EXPECT_NE(refusal([&] { import_diffusers(folder.path()); }).find("out_channels"), std::string::npos);
}

}  // namespace
}  // namespace steer
