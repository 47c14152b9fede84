#include "steer/work/likelihoods.h"

#include <gtest/gtest.h>

#include <cmath>

#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

LoadedModel loaded_as(std::unique_ptr<Model> model) {
  LoadedModel loaded;
  loaded.path = "small";
  loaded.model = std::move(model);
  return loaded;
}

LikelihoodsOptions few_steps(int64_t batch) {
  LikelihoodsOptions options;
  options.flow.grid_steps = 4;
  options.batch = batch;
  return options;
}

State noisy_samples(int64_t count) {
  torch::manual_seed(3);
  return torch::rand({count, 1, 8, 8}) * 2 - 1;
}

TEST(Likelihoods, DoNotDependOnTheBatch) {
  const LoadedModel loaded = loaded_as(small_diffusion("edm"));
  const State samples = noisy_samples(3);
  const Likelihoods one = likelihoods(loaded, samples, {}, few_steps(1), torch::kCPU);
  const Likelihoods all = likelihoods(loaded, samples, {}, few_steps(3), torch::kCPU);
  EXPECT_TRUE(torch::allclose(one.bits, all.bits, 1e-4, 1e-4));
  EXPECT_EQ(all.figures["each"].size(), 3u);
  EXPECT_NEAR(all.standard_error, all.bits.std().item<double>() / std::sqrt(3.0), 1e-12);
  EXPECT_NEAR(all.figures["bits_per_dimension"].get<double>(),
              -all.nats.mean().item<double>() / (64 * std::log(2)) + 7, 1e-9);
}

TEST(Likelihoods, FollowTheClassThatIsTold) {
  const LoadedModel loaded = loaded_as(small_diffusion("edm", 3));
  // The last convolution of a new network is zero, so that no class would show.
  torch::NoGradGuard no_grad;
  for (Tensor& parameter : loaded.model->module().parameters())
    parameter.add_(0.05 * torch::randn_like(parameter));
  const State samples = noisy_samples(1);
  const auto bits = [&](int64_t label) {
    const torch::AutoGradMode with_gradient(true);
    const Told told = {torch::full({1}, label, torch::kInt64), {}};
    return likelihoods(loaded, samples, told, few_steps(1), torch::kCPU).bits.item<double>();
  };
  EXPECT_NE(bits(0), bits(1));
  EXPECT_EQ(bits(1), bits(1));
}

TEST(Likelihoods, OneSampleHasNoStandardError) {
  const Likelihoods one =
      likelihoods(loaded_as(small_diffusion("flow")), noisy_samples(1), {}, few_steps(1), torch::kCPU);
  EXPECT_TRUE(std::isnan(one.standard_error));
  EXPECT_FALSE(one.figures.contains("standard_error"));
}

TEST(Likelihoods, OtherModelsAreRefusedAndWatchersObeyed) {
  EXPECT_NE(refusal([&] {
              likelihoods(loaded_as(small_ddn("pyramid")), noisy_samples(1), {}, {}, torch::kCPU);
            }).find("expected a diffusion model"),
            std::string::npos);
  EXPECT_NE(refusal([&] {
              likelihoods(loaded_as(small_diffusion("edm")), noisy_samples(2), {}, few_steps(1), torch::kCPU,
                          [](const Moment&) { return false; });
            }).find("interrupted"),
            std::string::npos);
}

TEST(Likelihoods, ComputeInFullPrecisionUnlessTold) {
  EXPECT_EQ(for_likelihoods({torch::kCPU, "auto"}).precision, "float32");
  EXPECT_EQ(for_likelihoods({torch::kCPU, "bfloat16"}).precision, "bfloat16");
}

}  // namespace
}  // namespace steer
