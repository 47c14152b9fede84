#include "steer/models/diffusion_model.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/image/memory_dataset.h"
#include "steer/modalities/objectives.h"
#include "steer/models/models.h"
#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

SamplerOptions sampler_of(const std::string& solver, int64_t steps) {
  SamplerOptions sampler;
  sampler.solver.name = solver;
  sampler.solver.rtol = sampler.solver.atol = 1e-2;
  sampler.levels.steps = steps;
  return sampler;
}

Samples sampled(const DiffusionModel& model, const SamplerOptions& sampler, const Tensor& seeds,
                const Tensor& label = {}) {
  return model.draw({seeds, {label, {}}}, nullptr, settings_of(sampler));
}

MemoryDataset small_images(int64_t channels, int64_t size) {
  return MemoryDataset(torch::zeros({2, channels, size, size}, torch::kUInt8), torch::full({2}, -1), {});
}

TEST(DiffusionModel, ASampleIsAFunctionOfItsSeedWithEverySolver) {
  auto model = small_diffusion("edm");
  const Tensor seeds = sample_seeds(5, 3);
  for (const std::string& solver : solver_names()) {
    const SamplerOptions sampler = sampler_of(solver, 4);
    const Tensor all = sampled(*model, sampler, seeds).state.x;
    const Tensor last = sampled(*model, sampler, seeds.narrow(0, 2, 1)).state.x;
    EXPECT_LT((all[2] - last[0]).abs().max().item<double>(), 1e-3) << solver;
    EXPECT_GT((all[2] - all[1]).abs().max().item<double>(), 1e-2) << solver;
    EXPECT_LE(all.abs().max().item<double>(), 1) << solver;
  }
}

// A U-Net whose outermost layers do not start at zero, wide enough for every kind of product and attention.
std::unique_ptr<DiffusionModel> wide_diffusion(const std::string& process) {
  const Json options = {{"process", {{"type", process}}},
                        {"unet",
                         {{"sample_size", 16},
                          {"block_out_channels", {32, 64}},
                          {"layers_per_block", 1},
                          {"zero_init", false},
                          {"down_block_types", {"DownBlock2D", "AttnDownBlock2D"}},
                          {"up_block_types", {"AttnUpBlock2D", "UpBlock2D"}}}}};
  auto model = make_model("diffusion", options, 7);
  return std::unique_ptr<DiffusionModel>(dynamic_cast<DiffusionModel*>(model.release()));
}

// In float32, libtorch sums the convolutions of a single image in another order than those of several: README
// states the tolerance.
TEST(DiffusionModel, ASampleDoesNotDependOnItsBatch) {
  const Tensor seeds = sample_seeds(11, 64);
  for (const char* process : {"flow", "edm"}) {
    auto model = wide_diffusion(process);
    for (const auto type : {torch::kBFloat16, torch::kFloat32}) {
      model->set_compute_type(type);
      const SamplerOptions sampler = sampler_of("heun", 6);
      const Tensor all = sampled(*model, sampler, seeds).state.x;
      for (const int64_t batch : {1, 2, 4, 7}) {
        std::vector<Tensor> parts;
        for (int64_t at = 0; at < 14; at += batch)
          parts.push_back(
              sampled(*model, sampler, seeds.narrow(0, at, std::min<int64_t>(batch, 14 - at))).state.x);
        const double apart = (at::cat(parts) - all.narrow(0, 0, 14)).abs().max().item<double>();
        if (type == torch::kBFloat16)
          EXPECT_EQ(apart, 0) << process << ", batch " << batch;
        else
          EXPECT_LT(apart, 1e-4) << process << ", batch " << batch;
      }
    }
  }
}

TEST(DiffusionModel, TellsHowOftenItsNetworkRan) {
  auto model = small_diffusion("edm");
  const Tensor seeds = sample_seeds(0, 2);
  for (const std::string& solver : solver_names()) {
    const SamplerOptions sampler = sampler_of(solver, 5);
    const auto calls = std::make_shared<int64_t>(0);
    const Tensor grid = model->levels(sampler);
    const Tensor start = starting_noise(seeds, {1, 8, 8}, grid[0].item<double>());
    torch::NoGradGuard no_grad;
    const Solution solution = solve(model->denoiser({}, calls), start, grid, sampler.solver, seeds);
    const Samples samples = sampled(*model, sampler, seeds);
    EXPECT_EQ(samples.evaluations, solution.evaluations) << solver;
    EXPECT_EQ(samples.evaluations, *calls) << solver;
    EXPECT_GE(samples.evaluations, 5) << solver;
  }
  EXPECT_EQ(sampled(*model, sampler_of("heun", 5), seeds).evaluations, 9);
  auto told = small_diffusion("flow", 3);
  SamplerOptions sampler = sampler_of("euler", 5);
  sampler.scale = 2;
  EXPECT_EQ(sampled(*told, sampler, seeds, torch::tensor({0, 1})).evaluations, 10);
}

TEST(DiffusionModel, LearnsUnderEveryProcess) {
  // Images of one value each: white or black.
  const Tensor x = (torch::arange(16) % 2 * 2.0 - 1).view({16, 1, 1, 1}).expand({16, 1, 8, 8}).contiguous();
  for (const std::string& process : process_names()) {
    auto model = small_diffusion(process);
    Adam adam(model->trainable_parameters(), AdamOptions());
    double first = 0, last = 0;
    constexpr int kSteps = 60;
    for (int step = 0; step < kSteps; ++step) {
      const LossReport report = model->loss({x, {torch::full({16}, -1, torch::kLong), {}}, {}}, 100 + step);
      (step < 10 ? first : last) += report.loss.item<double>() / (step < 10            ? 10
                                                                  : step < kSteps - 10 ? INFINITY
                                                                                       : 10);
      adam.clear_gradients();
      report.loss.backward();
      adam.step(2e-3);
    }
    EXPECT_LT(last, 0.6 * first) << process;
  }
}

TEST(DiffusionModel, SamplesOnTheGridOfAnotherProcess) {
  auto model = small_diffusion("edm");
  SamplerOptions sampler = suited_sampler("flow");
  sampler.process = "flow";
  const Tensor grid = model->levels(sampler);
  EXPECT_NEAR(grid[0].item<double>(), 80, 1e-9);
  sampler.levels.sigma_max = 0;
  EXPECT_NEAR(model->levels(sampler)[0].item<double>(), Process(ProcessOptions{"flow"}).sigma_max(), 1e-9);
  EXPECT_TRUE(sampled(*model, sampler, sample_seeds(0, 2)).state.x.isfinite().all().item<bool>());
}

TEST(DiffusionModel, IsTheSameAfterSavingAndLoading) {
  const TemporaryFolder folder;
  auto model = small_diffusion("flow", 3);
  for (Tensor& parameter : model->module().parameters()) parameter.detach().add_(0.01);
  save_model(folder / "model.safetensors", *model, {}, nullptr);
  const LoadedModel loaded = load_model(folder / "model.safetensors", torch::kCPU);
  const Tensor label = torch::tensor({2, 0}), seeds = sample_seeds(1, 2);
  const SamplerOptions sampler = sampler_of("heun", 3);
  EXPECT_TRUE(torch::equal(sampled(as_diffusion(loaded, "test"), sampler, seeds, label).state.x,
                           sampled(*model, sampler, seeds, label).state.x));
  EXPECT_EQ(loaded.model->options(), model->options());
}

TEST(DiffusionModel, ScaleGoesFromNoClassToTheClassAndBeyond) {
  auto model = small_diffusion("edm", 3);
  for (Tensor& parameter : model->module().parameters()) parameter.detach().add_(0.02);
  const Tensor x = torch::randn({2, 1, 8, 8}, torch::kFloat64), sigma = torch::tensor({0.5, 2.0});
  const Tensor label = torch::tensor({0, 2}), none = torch::tensor({3, 3});
  torch::NoGradGuard no_grad;
  const Tensor with = model->guided_denoiser(label, 1)(x, sigma);
  const Tensor without = model->guided_denoiser(none, 1)(x, sigma);
  EXPECT_GT((with - without).abs().max().item<double>(), 1e-4);
  EXPECT_TRUE(torch::allclose(model->guided_denoiser(label, 0)(x, sigma), without));
  EXPECT_TRUE(torch::allclose(model->guided_denoiser(label, 3)(x, sigma), without + 3 * (with - without)));
}

TEST(DiffusionModel, RefusesLabelsThatDoNotFit) {
  auto plain = small_diffusion("edm"), told = small_diffusion("edm", 3);
  const SamplerOptions sampler = sampler_of("euler", 2);
  const Tensor seeds = sample_seeds(0, 1);
  EXPECT_NE(refusal([&] { sampled(*told, sampler, seeds); }).find("expected a label"), std::string::npos);
  EXPECT_NE(refusal([&] { sampled(*plain, sampler, seeds, torch::tensor({0})); }).find("expected no labels"),
            std::string::npos);
  EXPECT_NE(refusal([&] { sampled(*told, sampler, seeds, torch::tensor({4})); }).find("[0, 3]"),
            std::string::npos);
  SamplerOptions guided = sampler;
  guided.scale = 2;
  EXPECT_NE(refusal([&] { sampled(*plain, guided, seeds); }).find("expected 1 for a model without classes"),
            std::string::npos);
  DiffusionOptions bad;
  bad.prediction = "epsilon";
  EXPECT_THROW(DiffusionModel{bad}, Error);
  DiffusionOptions weighed;
  weighed.weight = "karras";
  EXPECT_THROW(DiffusionModel{weighed}, Error);
}

TEST(DiffusionModel, RefusesPresetsItDoesNotKnow) {
  const auto model = small_diffusion("edm");
  const auto fault = [&](const Json& preset) {
    return refusal([&] { model->plan(nullptr, {{"preset", preset}}); });
  };
  EXPECT_EQ(fault({{"sampler", {{"levels", {{"steps", 5}}}}}, {"value", 3}, {"run", "x"}}), "accepted");
  const std::string two = fault({{"method", "dps"}, {"samplr", Json::object()}});
  EXPECT_NE(two.find("method, samplr"), std::string::npos) << two;
  const std::string one = fault({{"samplr", Json::object()}});
  EXPECT_NE(one.find("did you mean sampler"), std::string::npos) << one;
}

TEST(DiffusionModel, StrengthZeroGuidesNothing) {
  auto model = wide_diffusion("edm");
  ObjectiveContext context;
  context.space = model->space();
  context.truth = torch::zeros(with_rows(1, context.space.sizes));
  const auto objective = make_objective("inpaint(mask=left)", context);
  const DrawRequest request{sample_seeds(5, 2), {}};
  const Json settings = {{"method", "tfg"}, {"strength", 0}, {"steps", 4}};
  const auto plan = model->plan(objective.get(), settings);
  const Tensor still = model->draw(request, objective.get(), settings).state.x;
  const Tensor free = model->draw(request, nullptr, {{"sampler", plan->settings().at("sampler")}}).state.x;
  EXPECT_TRUE(torch::equal(still, free));
  EXPECT_FALSE(torch::equal(
      model->draw(request, objective.get(), {{"method", "tfg"}, {"strength", 1}, {"steps", 4}}).state.x,
      free));
}

TEST(DiffusionModel, MeetsMeasurementsByFewerStepsMadeThriceUnlessToldHow) {
  const auto model = small_diffusion("flow");
  ObjectiveContext context;
  context.space = model->space();
  context.truth = at::zeros({1, 1, 8, 8});
  const auto objective = make_objective("inpaint(mask=left)", context);
  const auto made = [&](const Json& settings) {
    const Json all = model->plan(objective.get(), settings)->settings();
    return std::pair<int64_t, int64_t>(all["sampler"]["levels"]["steps"],
                                       all["guidance"]["climb"]["recurrence"]);
  };
  const std::pair<int64_t, int64_t> thrice(17, 3);
  EXPECT_EQ(made(Json::object()), thrice);
  EXPECT_EQ(made({{"method", "auto"}, {"strength", 2}}), thrice);
  EXPECT_EQ(model->plan(objective.get(), Json::object())->evaluations(), 51);
  const auto once = [](int64_t steps) { return std::pair<int64_t, int64_t>(steps, 1); };
  EXPECT_EQ(made({{"steps", 20}}), once(20));
  EXPECT_EQ(made({{"solver", "euler"}}), once(50));
  EXPECT_EQ(made({{"method", "pigdm_step"}}), once(50));
  EXPECT_EQ(made({{"recurrence", 2}}), (std::pair<int64_t, int64_t>(50, 2)));
  EXPECT_EQ(made({{"sampler", {{"levels", {{"steps", 12}}}}}}), once(12));
}

TEST(DiffusionModel, ADrawThatFailsChangesNothing) {
  auto model = small_diffusion("edm");
  for (Tensor& parameter : model->module().parameters()) parameter.detach().add_(0.02);
  model->set_compute_type(torch::kBFloat16);
  const SamplerOptions heun = sampler_of("heun", 3);
  SamplerOptions dopri5 = sampler_of("dopri5", 3);
  dopri5.solver.rtol = dopri5.solver.atol = 0.1;
  dopri5.levels.sigma_max = 2;
  const Tensor seeds = sample_seeds(2, 2), before = sampled(*model, heun, seeds).state.x;
  const auto plan = model->plan(nullptr, settings_of(dopri5));
  const Watch failing = [](const Glimpse&) -> bool { throw Error("enough"); };
  EXPECT_EQ(refusal([&] { plan->draw({seeds, {}}, failing); }), "enough");
  EXPECT_THROW(sampled(*model, dopri5, seeds, torch::tensor({1, 2})), Error);
  for (const Tensor& parameter : model->module().parameters()) EXPECT_TRUE(parameter.requires_grad());
  EXPECT_TRUE(torch::equal(sampled(*model, heun, seeds).state.x, before));
  // The adaptive solver computes in float32 whatever the model computes in.
  const Tensor wide = sampled(*model, dopri5, seeds).state.x;
  model->set_compute_type(torch::kFloat32);
  EXPECT_TRUE(torch::equal(sampled(*model, dopri5, seeds).state.x, wide));
}

TEST(DiffusionModel, TakesChannelsAndSizeFromTheData) {
  const Json options = fitted_diffusion({{"process", {{"type", "flow"}}}}, small_images(3, 16), "here");
  EXPECT_EQ(options["unet"]["in_channels"], 3);
  EXPECT_EQ(options["unet"]["out_channels"], 3);
  EXPECT_EQ(options["unet"]["sample_size"], 16);
  EXPECT_EQ(options["sampler"]["levels"]["type"], "flow");
  EXPECT_THROW(fitted_diffusion({{"classes", 2}}, small_images(1, 8), "here"), Error);
}

}  // namespace
}  // namespace steer
