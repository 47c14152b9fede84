// One training step of a U-Net that learns a flow: loss, gradients, Adam, averaged weights.
#include <torch/torch.h>

#include <algorithm>
#include <optional>

#include "bench/model_work.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/diffusion/loss.h"
#include "steer/models/diffusion_model.h"
#include "steer/train/learner.h"

namespace steer::bench {
namespace {

class UNetTraining : public ModelWork {
 public:
  explicit UNetTraining(const Json& options) : ModelWork("diffusion", options) {
    read_options(options_, options.at("model"), "diffusion");
    TrainOptions train;
    train.ema_half_life_images = options.value("ema_half_life_images", 0.0);
    train.recompute = options.value("recompute", false);
    learner_.emplace(model(), train);
    const MapSizes shape = map_sizes(model().space());
    torch::manual_seed(1);
    batch_.data.x =
        torch::randn({options.at("batch").get<int64_t>(), shape.channels, shape.height, shape.width}) * 0.2;
  }

  void run() override { learner_->step(batch_, ++step_, 1e-4); }

  int64_t items() const override { return batch_.data.x.size(0); }

 private:
  void add_to(std::map<std::string, Tensor>& problem) override {
    constexpr uint64_t kSeed = 1;
    const Tensor x = batch_.data.x;
    // The noise and the levels that the loss draws of this seed.
    problem["input.x"] = x;
    problem["input.noise"] =
        normal_rows(sample_seeds(derive_seed(kSeed, 1), x.size(0)), 1, x.sizes().slice(1));
    problem["input.sigma"] =
        draw_sigmas(options_.noise, Process(options_.process), x.size(0), derive_seed(kSeed, 3));
    const LossReport report = model().loss(batch_, kSeed);
    report.loss.backward();
    problem["answer.loss"] = report.loss.detach();
    for (const auto& [name, parameter] : model().trainable_parameters())
      problem["answer.gradient." + name] = parameter.grad();
  }

  DiffusionOptions options_;
  std::optional<Learner> learner_;
  Batch batch_;
  uint64_t step_ = 0;
};

}  // namespace

std::unique_ptr<Work> make_unet_training(const Json& options) {
  return std::make_unique<UNetTraining>(options);
}

}  // namespace steer::bench
