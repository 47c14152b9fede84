// Images from a DDN: codes decoded, or candidates chosen by a linear objective.
#include <torch/torch.h>

#include "bench/work.h"
#include "steer/core/precision.h"
#include "steer/guidance/best_by.h"
#include "steer/models/models.h"
#include "steer/objectives/linear.h"

namespace steer::bench {
namespace {

// Codes of random nodes are images drawn at random.
class Generation : public Work {
 public:
  explicit Generation(const Json& options)
      : model_(make_model("ddn", options.at("model"), 1)),
        precision_(scalar_type(make_precision(options.value("precision", "auto"), torch::kCPU))) {
    ddn_ = dynamic_cast<DdnModel*>(model_.get());
    const int64_t batch = options.at("batch").get<int64_t>();
    const ImageShape shape = model_->shape();
    torch::manual_seed(1);
    std::vector<Tensor> columns;
    for (const LayerShape& layer : ddn_->network().shapes())
      columns.push_back(torch::randint(layer.candidates, {batch}, torch::kInt64));
    code_ = at::stack(columns, 1);
    if (options.value("guided", false)) {
      const int64_t factor = options.value("factor", 4);
      low_ = torch::rand({batch, shape.channels, shape.height / factor, shape.width / factor}) * 2 - 1;
      objective_ = std::make_unique<LinearObjective>(super_resolve_from(low_, factor, 0.1), "super_resolve");
    }
    model_->set_compute_type(precision_);
  }

  Checkpoint problem() override {
    model_->set_compute_type(torch::kFloat32);
    Checkpoint problem;
    for (const auto& [name, tensor] : module_tensors(model_->module()))
      problem.tensors["weight." + name] = tensor.detach().clone();
    if (objective_) {
      const Samples samples = guided();
      problem.tensors["input.low"] = low_;
      problem.tensors["answer.image"] = samples.images;
      problem.tensors["input.chosen"] = samples.code;
    } else {
      problem.tensors["input.code"] = code_;
      problem.tensors["answer.image"] = ddn_->decode(code_);
    }
    model_->set_compute_type(precision_);
    return problem;
  }

  void run() override { objective_ ? guided().images : ddn_->decode(code_); }

  int64_t items() const override { return code_.size(0); }

 private:
  Samples guided() const {
    SampleRequest request;
    request.seeds = at::arange(code_.size(0), torch::kInt64);
    request.objective = objective_.get();
    request.top = 1;
    return model_->sample(request);
  }

  std::unique_ptr<Model> model_;
  DdnModel* ddn_ = nullptr;
  torch::ScalarType precision_;
  Tensor code_, low_;
  std::unique_ptr<Objective> objective_;
};

}  // namespace

std::unique_ptr<Work> make_generation(const Json& options) {
  return std::make_unique<Generation>(options);
}

}  // namespace steer::bench
