// The plane learned in seconds by both families, and steered.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/json.h"
#include "steer/core/random.h"
#include "steer/data/loader.h"
#include "steer/modalities/modalities.h"
#include "steer/modalities/objectives.h"
#include "steer/models/models.h"
#include "steer/points/points_space.h"
#include "steer/train/learner.h"

namespace steer {
namespace {

std::unique_ptr<Dataset> moons(const std::string& split) {
  DataOptions options;
  options.path = "points:two_moons", options.split = split, options.limit = 5000;
  return make_dataset(options);
}

// A model after some steps, with its averaged weights.
std::unique_ptr<Model> learned(const std::string& family, const Json& options, int64_t steps, double rate) {
  const auto data = moons("train");
  auto model = make_model(family, options, 1);
  TrainOptions train;
  train.ema_half_life_images = 4000;
  Learner learner(*model, train);
  LoaderOptions loading;
  loading.batch = 256, loading.workers = 0;
  Loader loader(*data, loading);
  for (int64_t step = 0; step < steps; ++step)
    learner.step(loader.next(), static_cast<uint64_t>(step),
                 rate * (1 - 0.9 * static_cast<double>(step) / static_cast<double>(steps)));
  const torch::NoGradGuard no_grad;
  const auto shadows = learner.ema.shadows();
  for (const auto& [name, parameter] : model->trainable_parameters()) parameter.copy_(shadows.at(name));
  return model;
}

void expect_the_plane(const Model& model, const Json& settings) {
  const auto& generator = dynamic_cast<const Generator&>(model);
  const auto test = moons("test");
  const Tensor real = test->batch(permutation(2000, 0)).data.x;
  const Tensor made = generator.draw({sample_seeds(0, 2000), {}}).state.x;
  const double far = modality_of(points_space()).distances(points_space(), made, real)[0].value;
  EXPECT_LT(far, 0.12) << model.family();
  // Guided to the ring of radius 0.5, samples lie on it, as few unguided ones do, and stay near the moons.
  ObjectiveContext context;
  context.space = points_space();
  const auto ring = make_objective("ring(radius=0.5, std=0.03)", context);
  const auto away = [](const Tensor& x) { return (x.square().sum(1).sqrt() - 0.5).abs(); };
  const Tensor guided = generator.draw({sample_seeds(0, 200), {}}, ring.get(), settings).state.x;
  EXPECT_LT(away(guided).median().item<double>(), 0.06) << model.family();
  EXPECT_GT(away(made).median().item<double>(), 0.1) << model.family();
  const Tensor nearest = std::get<0>(at::cdist(guided, real).min(1));
  EXPECT_LT(nearest.median().item<double>(), 0.08) << model.family();
}

TEST(Points, ADiscreteDistributionNetworkLearnsAndIsSteered) {
  const Json options = {{"network", "points"},
                        {"points", {{"width", 32}, {"layers", 6}, {"candidates", {8}}}},
                        {"split", {{"half_life_images", 5000}, {"most", 4}}}};
  expect_the_plane(*learned("ddn", options, 300, 5e-3), {});
}

TEST(Points, AFlowLearnsAndIsSteered) {
  const Json options = {
      {"network", "mlp"}, {"mlp", {{"width", 64}, {"blocks", 2}}}, {"process", {{"type", "flow"}}}};
  expect_the_plane(*learned("diffusion", options, 500, 5e-3), {});
}

}  // namespace
}  // namespace steer
