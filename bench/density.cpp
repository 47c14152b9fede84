// Density estimation in the plane.
#include "steer/points/density.h"
#include "steer/core/json.h"

#include <torch/torch.h>

#include "bench/work.h"

namespace steer::bench {
namespace {

class DensityWork : public Work {
 public:
  explicit DensityWork(const Json& options) : samples_(options.at("samples").get<int64_t>()) {
    options_.nodes = options.at("nodes").get<int64_t>();
    options_.batch = options.at("batch").get<int64_t>();
    torch::manual_seed(1);
    targets_ = torch::randn({samples_, 2}, torch::kFloat64) * 0.3;
  }

  // The first batches alone: the plain way takes minutes for all.
  Checkpoint problem() override {
    const Tensor few = targets_.narrow(0, 0, std::min<int64_t>(samples_, 100 * options_.batch));
    DensityNodes nodes(options_, 1);
    Checkpoint problem;
    problem.tensors = {{"input.points", nodes.points()}, {"input.targets", few}};
    nodes.train(few);
    problem.tensors["answer.points"] = nodes.points();
    problem.tensors["answer.counts"] = nodes.counts();
    return problem;
  }

  void run() override {
    DensityNodes nodes(options_, 1);
    nodes.train(targets_);
  }

  int64_t items() const override { return samples_; }

 private:
  DensityOptions options_;
  int64_t samples_;
  Tensor targets_;
};

}  // namespace

std::unique_ptr<Work> make_density(const Json& options) {
  return std::make_unique<DensityWork>(options);
}

}  // namespace steer::bench
