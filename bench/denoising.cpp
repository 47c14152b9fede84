// An EDM's denoiser, evaluated once; one guided step; and the parts of such a step.
#include <torch/torch.h>

#include "bench/model_work.h"
#include "steer/core/json.h"
#include "steer/guidance/climb.h"
#include "steer/image/linear.h"
#include "steer/nn/frozen.h"

namespace steer::bench {
namespace {

constexpr double kSigma = 1.5, kNext = 1.0;

class Denoising : public ModelWork {
 public:
  explicit Denoising(const Json& options)
      : ModelWork("diffusion", options), part_(options.value("part", "evaluation")) {
    const int64_t batch = options.at("batch").get<int64_t>();
    const MapSizes shape = map_sizes(model().space());
    torch::manual_seed(1);
    x_ = torch::randn({batch, shape.channels, shape.height, shape.width}, torch::kFloat64) * kSigma;
    low_ = torch::rand({batch, shape.channels, shape.height / 4, shape.width / 4}) * 2 - 1;
    objective_ = std::make_unique<LinearObjective>(super_resolve_from(low_, 4, 1.0), "super_resolve");
    smoothed_ = std::make_unique<Smoothed>(*objective_, model().space());
    climb_.rho = climb_.mu = 0.5;
    climb_.sigma = 0;
    climb_.iterations = 1;
    climb_.rho_structure = climb_.mu_structure = "constant";
    climb_.clip_x0 = false;
    solver_.name = "euler";
    levels_ = torch::tensor({kSigma, kNext, 0.0}, torch::kFloat64);
  }

  void run() override {
    const Frozen frozen(diffusion().freezer());
    if (part_ == "evaluation") evaluated();
    if (part_ == "step") guided();
    if (part_ == "parts") parts();
  }

  int64_t items() const override { return x_.size(0); }

 private:
  void add_to(std::map<std::string, Tensor>& problem) override {
    const Frozen frozen(diffusion().freezer());
    problem["input.x"] = x_;
    problem["input.low"] = low_;
    problem["answer.x0"] = evaluated();
    problem["answer.guided"] = guided();
  }

  const DiffusionModel& diffusion() const { return dynamic_cast<const DiffusionModel&>(model()); }
  Denoiser denoiser() const { return diffusion().denoiser(); }
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

  std::string part_;
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
