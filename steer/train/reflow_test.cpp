#include "steer/train/reflow.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/models/small_models.h"
#include "steer/testing/temporary_folder.h"
#include "steer/train/trainer.h"

namespace steer {
namespace {

SamplerOptions euler(int64_t steps) {
  SamplerOptions sampler = suited_sampler("flow");
  sampler.solver.name = "euler";
  sampler.levels.steps = steps;
  sampler.levels.sigma_max = 0;  // from the flow's own end, as distillation does
  return sampler;
}

Tensor drawn(const Model& model, const SamplerOptions& sampler, const Tensor& seeds,
             const Tensor& label = {}) {
  const auto plan = dynamic_cast<const Generator&>(model).plan(nullptr, {{"sampler", options_json(sampler)}});
  return plan->draw({seeds, {label, {}}}).state.x;
}

// A flow that has moved away from its first weights.
std::unique_ptr<DiffusionModel> some_flow(int64_t classes = 0) {
  auto model = small_diffusion("flow", classes);
  torch::manual_seed(1);
  torch::NoGradGuard no_grad;
  for (Tensor& parameter : model->module().parameters()) parameter.add_(0.05 * torch::randn_like(parameter));
  return model;
}

TEST(Reflow, APairIsASampleOfItsSeed) {
  auto model = some_flow(3);
  const auto pairs = draw_pairs(*model, euler(6), 5, 2, 40);
  const Tensor label = torch::tensor({0, 1, 2, 0, 1});
  const Batch batch = pairs->batch({0, 1, 2, 3, 4});
  EXPECT_TRUE(torch::equal(batch.told.label, label));
  EXPECT_LT((batch.data.x.clamp(-1, 1) - drawn(*model, euler(6), sample_seeds(40, 5), label))
                .abs()
                .max()
                .item<double>(),
            1e-4);
  EXPECT_TRUE(
      torch::equal(pairs->noise(pairs->batch({3})), starting_noise(sample_seeds(43, 1), {1, 8, 8}, 1)));
}

TEST(Reflow, PairsComeBackFromTheirFile) {
  const TemporaryFolder folder;
  auto model = some_flow();
  const auto pairs = draw_pairs(*model, euler(2), 3, 3, 7);
  pairs->write(folder / "pairs.safetensors");
  const auto back = PairsDataset::read(folder / "pairs.safetensors", model->space());
  EXPECT_TRUE(torch::equal(back->batch({2, 0}).data.x, pairs->batch({2, 0}).data.x));
  EXPECT_EQ(back->first_seed(), 7u);
  save_model(folder / "model.safetensors", *model, {}, nullptr);
  EXPECT_THROW(PairsDataset::read(folder / "model.safetensors", model->space()), Error);
  EXPECT_EQ(draw_pairs(*model, euler(2), 3, 1, 7, [](double) { return false; }), nullptr);
}

// How far one step falls from the pair's image, over seeds that training never saw.
double one_step_error(Model& model, const Tensor& truth, const Tensor& seeds) {
  return (drawn(model, euler(1), seeds) - truth).square().mean().item<double>();
}

TEST(Reflow, TrainingOnPairsBringsOneStepNearerToManySteps) {
  for (const bool distil : {false, true}) {
    const TemporaryFolder folder;
    auto model = some_flow();
    const Tensor seeds = sample_seeds(1000, 64);
    const Tensor truth = drawn(*model, euler(20), seeds);
    std::shared_ptr<const PairsDataset> pairs = draw_pairs(*model, euler(20), 256, 64, 0);
    const auto trained = reflowed(*model, pairs, distil);
    EXPECT_NEAR(one_step_error(*trained, truth, seeds), one_step_error(*model, truth, seeds), 1e-6);
    RunOptions options;
    options.data.path = "pairs";
    options.train.images = 3000;
    options.train.rate = 2e-3;
    options.train.precision = "float32";
    options.train.grid_minutes = 0;
    options.train.loader.batch = 32;
    train(*trained, *pairs, options, folder / "run", false, torch::kCPU);
    const LoadedModel loaded = load_model(folder / "run", torch::kCPU);
    EXPECT_EQ(loaded.model->family(), "diffusion");
    EXPECT_LT(one_step_error(*loaded.model, truth, seeds), 0.8 * one_step_error(*model, truth, seeds))
        << distil;
  }
}

TEST(Reflow, IsForFlowsAlone) {
  auto model = small_diffusion("edm");
  EXPECT_THROW(reflowed(*model, nullptr, false), Error);
}

}  // namespace
}  // namespace steer
