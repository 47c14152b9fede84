// An EDM's denoiser, evaluated once; one guided step; and the parts of such a step.
#include <torch/torch.h>

#include "bench/work.h"
#include "steer/core/precision.h"
#include "steer/guidance/climb.h"
#include "steer/models/models.h"
#include "steer/nn/frozen.h"
#include "steer/objectives/linear.h"

namespace steer::bench {
namespace {

constexpr double kSigma = 1.5, kNext = 1.0;

class Denoising : public Work {
 public:
  explicit Denoising(const Json& options)
      : model_(make_model("diffusion", options.at("model"), 1)),
        part_(options.value("part", "evaluation")),
        precision_(scalar_type(make_precision(options.value("precision", "auto"), torch::kCPU))) {
    const int64_t batch = options.at("batch").get<int64_t>();
    const ImageShape shape = model_->shape();
    torch::manual_seed(1);
    x_ = torch::randn({batch, shape.channels, shape.height, shape.width}, torch::kFloat64) * kSigma;
    const Tensor low = torch::rand({batch, shape.channels, shape.height / 4, shape.width / 4}) * 2 - 1;
    low_ = low;
    objective_ = std::make_unique<LinearObjective>(super_resolve_from(low, 4, 1.0), "super_resolve");
    smoothed_ = std::make_unique<Smoothed>(*objective_, shape.height, shape.width);
    climb_.rho = climb_.mu = 0.5;
    climb_.sigma = 0;
    climb_.iterations = 1;
    climb_.rho_structure = climb_.mu_structure = "constant";
    climb_.clip_x0 = false;
    solver_.name = "euler";
    levels_ = torch::tensor({kSigma, kNext, 0.0}, torch::kFloat64);
    model_->module().eval();
    model_->set_compute_type(precision_);
  }

  Checkpoint problem() override {
    model_->set_compute_type(torch::kFloat32);
    Checkpoint problem;
    for (const auto& [name, tensor] : module_tensors(model_->module()))
      problem.tensors["weight." + name] = tensor.detach().clone();
    problem.tensors["input.x"] = x_;
    problem.tensors["input.low"] = low_;
    const Frozen frozen(model_->module());
    problem.tensors["answer.x0"] = evaluated();
    problem.tensors["answer.guided"] = guided();
    model_->set_compute_type(precision_);
    return problem;
  }

  void run() override {
    const Frozen frozen(model_->module());
    if (part_ == "evaluation") evaluated();
    if (part_ == "step") guided();
    if (part_ == "parts") parts();
  }

  int64_t items() const override { return x_.size(0); }

 private:
  Denoiser denoiser() const { return dynamic_cast<const DiffusionModel&>(*model_).denoiser(); }
  Tensor level() const { return at::full({x_.size(0)}, kSigma, torch::kFloat64); }

  Tensor evaluated() const {
    torch::NoGradGuard no_grad;
    return denoiser()(x_, level());
  }
  Tensor guided() const {
    torch::NoGradGuard no_grad;
    const Noise none = [](int64_t) { return Tensor(); };
    const Step step = climb(make_step(solver_, none), *smoothed_, climb_, solver_, levels_, none);
    return step(denoiser(), x_, kSigma, kNext);
  }
  // One evaluation, one pass back to the input, one gradient of the objective.
  void parts() const {
    const Tensor x = x_.detach().requires_grad_();
    const Tensor x0 = denoiser()(x, level());
    const Tensor at = x0.detach().requires_grad_();
    const Tensor gradient = torch::autograd::grad({smoothed_->drawn(at, {}).sum()}, {at})[0];
    torch::autograd::grad({x0}, {x}, {gradient});
  }

  std::unique_ptr<Model> model_;
  std::string part_;
  torch::ScalarType precision_;
  Tensor x_, low_, levels_;
  std::unique_ptr<Objective> objective_;
  std::unique_ptr<Smoothed> smoothed_;
  ClimbOptions climb_;
  SolverOptions solver_;
};

}  // namespace

std::unique_ptr<Work> make_denoising(const Json& options) {
  return std::make_unique<Denoising>(options);
}

}  // namespace steer::bench
