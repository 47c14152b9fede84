// What pieces of work with a model have in common.
#pragma once

#include "bench/work.h"
#include "steer/core/precision.h"
#include "steer/models/models.h"

namespace steer::bench {

class ModelWork : public Work {
 public:
  // A model of the options "model", seed 1, that computes in "precision": auto unless given.
  ModelWork(const std::string& family, const Json& options)
      : model_(make_model(family, options.at("model"), 1)),
        precision_(scalar_type(make_precision(options.value("precision", "auto"), torch::kCPU))) {
    model_->set_compute_type(precision_);
  }

  Checkpoint problem() override {
    model_->set_compute_type(torch::kFloat32);
    Checkpoint problem;
    for (const auto& [name, tensor] : module_tensors(model_->module()))
      problem.tensors["weight." + name] = tensor.detach().clone();
    add_to(problem.tensors);
    model_->set_compute_type(precision_);
    return problem;
  }

 protected:
  // Adds inputs and answers, made in float32.
  virtual void add_to(std::map<std::string, torch::Tensor>& problem) = 0;

  Model& model() const { return *model_; }

 private:
  std::unique_ptr<Model> model_;
  torch::ScalarType precision_;
};

}  // namespace steer::bench
