// One DDN layer: nearest candidate, its image and leak, gradients, counts.
#include "steer/ddn/layer.h"
#include "steer/core/json.h"
#include "steer/core/precision.h"
#include "steer/ddn/chooser.h"
#include "steer/ddn/split_prune.h"

namespace steer::bench {
namespace {

class OneLayer : public Work {
 public:
  explicit OneLayer(const Json& options) : precision_(options.value("precision", "auto")) {
    const int64_t size = options.at("size").get<int64_t>(), nodes = options.at("nodes").get<int64_t>();
    const int64_t batch = options.value("batch", 16), channels = options.value("channels", 3),
                  inner = options.value("inner", 128);
    torch::manual_seed(1);
    layer_ = Layer(LayerOptions{2 * inner, channels, nodes, true, true});
    features_ = torch::randn({batch, 2 * inner, size, size}).contiguous(at::MemoryFormat::ChannelsLast);
    previous_ = torch::randn({batch, channels, size, size});
    target_ = previous_ + 0.5 * torch::randn({batch, channels, size, size});
    pull_ = torch::randn({batch, channels, size, size});
    set_type(scalar_type(make_precision(precision_, torch::kCPU)));
  }

  Checkpoint problem() override {
    const Tensor timed = h_;
    set_type(torch::kFloat32);
    step();
    Checkpoint problem;
    problem.tensors = {{"weight.nodes", layer_->node_weights().detach()},
                       {"input.features", features_},
                       {"input.previous", previous_},
                       {"input.target", target_},
                       {"input.pull", pull_},
                       {"answer.loss", loss_.detach()},
                       {"input.index", index_},
                       {"answer.features_gradient", h_.grad()},
                       {"answer.nodes_gradient", layer_->multi_out_conv1x1->weight.grad().flatten(1)}};
    set_type(timed.scalar_type());
    return problem;
  }

  void run() override {
    step();
    h_.mutable_grad() = Tensor();
    layer_->multi_out_conv1x1->weight.mutable_grad() = Tensor();
    loss_ = Tensor();
  }

  int64_t items() const override { return features_.size(0); }

 private:
  void step() {
    const Candidates candidates = layer_->candidates(h_, previous_);
    const Choice choice = nearest_to(target_)(candidates, 0);
    const Chosen chosen = candidates.at(choice.index);
    loss_ = at::mse_loss(chosen.image, target_) + (chosen.leak * pull_).sum();
    loss_.backward();
    record(layer_, times_nearest(choice.nearest, layer_->options.candidates), 0);
    index_ = choice.index;
  }

  void set_type(torch::ScalarType type) {
    h_ = features_.to(type).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_();
  }

  std::string precision_;
  Layer layer_{nullptr};
  Tensor features_, previous_, target_, pull_, h_, loss_, index_;
};

}  // namespace

std::unique_ptr<Work> make_layer(const Json& options) {
  return std::make_unique<OneLayer>(options);
}

}  // namespace steer::bench
