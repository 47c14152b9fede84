// One training step of a DDN: loss, gradients, Adam, averaged weights, counts and split-and-prune.
#include <torch/torch.h>

#include <optional>

#include "bench/model_work.h"
#include "steer/core/json.h"
#include "steer/train/learner.h"

namespace steer::bench {
namespace {

class Training : public ModelWork {
 public:
  explicit Training(const Json& options) : ModelWork("ddn", options) {
    TrainOptions train;
    train.ema_half_life_images = options.value("ema_half_life_images", 0.0);
    train.recompute = options.value("recompute", false);
    learner_.emplace(model(), train);
    // Smooth pictures.
    const MapSizes shape = map_sizes(model().space());
    torch::manual_seed(1);
    const Tensor coarse = torch::rand({options.at("batch").get<int64_t>(), shape.channels, 4, 4}) * 2 - 1;
    batch_.data.x = at::upsample_bilinear2d(coarse, {shape.height, shape.width}, false);
  }

  void run() override { learner_->step(batch_, 1, 1e-4); }

  int64_t items() const override { return batch_.data.x.size(0); }

 private:
  void add_to(std::map<std::string, Tensor>& problem) override {
    problem["input.x"] = batch_.data.x;
    // What was chosen, so that a tie that rounds the other way does not make all gradients differ.
    problem["input.code"] = dynamic_cast<DdnModel&>(model()).encode(batch_.data.x).code;
    const LossReport report = model().loss(batch_, 1);
    report.loss.backward();
    problem["answer.loss"] = report.loss.detach();
    for (const auto& [name, parameter] : model().trainable_parameters())
      if (parameter.grad().defined()) problem["answer.gradient." + name] = parameter.grad();
  }

  std::optional<Learner> learner_;
  Batch batch_;
};

}  // namespace

std::unique_ptr<Work> make_training(const Json& options) {
  return std::make_unique<Training>(options);
}

}  // namespace steer::bench
