// One training step of a DDN: loss, gradients, Adam, averaged weights, counts and split-and-prune.
#include <torch/torch.h>

#include "bench/work.h"
#include "steer/core/precision.h"
#include "steer/models/models.h"
#include "steer/train/learner.h"

namespace steer::bench {
namespace {

class Training : public Work {
 public:
  explicit Training(const Json& options)
      : model_(make_model("ddn", options.at("model"), 1)),
        precision_(scalar_type(make_precision(options.value("precision", "auto"), torch::kCPU))) {
    TrainOptions train;
    train.ema_half_life_images = options.value("ema_half_life_images", 0.0);
    train.recompute = options.value("recompute", false);
    learner_.emplace(*model_, train);
    // Smooth pictures.
    const ImageShape shape = model_->shape();
    torch::manual_seed(1);
    const Tensor coarse = torch::rand({options.at("batch").get<int64_t>(), shape.channels, 4, 4}) * 2 - 1;
    batch_.x = at::upsample_bilinear2d(coarse, {shape.height, shape.width}, false);
    model_->set_compute_type(precision_);
  }

  Checkpoint problem() override {
    model_->set_compute_type(torch::kFloat32);
    Checkpoint problem;
    problem.tensors["input.x"] = batch_.x;
    for (const auto& [name, tensor] : module_tensors(model_->module()))
      problem.tensors["weight." + name] = tensor.detach().clone();
    // What was chosen, so that a tie that rounds the other way does not make all gradients differ.
    problem.tensors["input.code"] = dynamic_cast<DdnModel&>(*model_).reconstruct(batch_.x).code;
    const LossReport report = model_->loss(batch_, 1);
    report.loss.backward();
    problem.tensors["answer.loss"] = report.loss.detach();
    for (const auto& [name, parameter] : model_->trainable_parameters())
      if (parameter.grad().defined()) problem.tensors["answer.gradient." + name] = parameter.grad();
    model_->set_compute_type(precision_);
    return problem;
  }

  void run() override { learner_->step(batch_, 1, 1e-4); }

  int64_t items() const override { return batch_.x.size(0); }

 private:
  std::unique_ptr<Model> model_;
  torch::ScalarType precision_;
  std::optional<Learner> learner_;
  Batch batch_;
};

}  // namespace

std::unique_ptr<Work> make_training(const Json& options) {
  return std::make_unique<Training>(options);
}

}  // namespace steer::bench
