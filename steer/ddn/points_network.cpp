#include "steer/ddn/points_network.h"

#include "steer/core/check.h"
#include "steer/core/interruption.h"
#include "steer/nn/recompute.h"

namespace steer {
namespace {

constexpr double kPointsEpsilon = 1e-5;

void check_points_options(const PointsNetworkOptions& o, const ConditionOptions& condition) {
  STEER_CHECK(o.values >= 1, "[options] ddn.points.values: expected at least 1 but got ", o.values);
  STEER_CHECK(o.width >= 4 && o.width % 2 == 0,
              "[options] ddn.points.width: expected an even number from 4 on but got ", o.width);
  STEER_CHECK(o.layers >= 1 && o.layers <= 1000, "[options] ddn.points.layers: expected 1 to 1000 but got ",
              o.layers);
  STEER_CHECK(o.candidates.size() == 1 || o.candidates.size() == static_cast<size_t>(o.layers),
              "[options] ddn.points.candidates: expected one number or one per layer (", o.layers,
              ") but got ", o.candidates.size());
  STEER_CHECK(condition.type == "none" || needs_label(condition),
              "[options] ddn.condition.type: expected none or class for points but got ", condition.type);
}

int64_t candidates_of(const PointsNetworkOptions& o, int64_t layer) {
  return o.candidates.size() == 1 ? o.candidates[0] : o.candidates[static_cast<size_t>(layer)];
}

int64_t entering_points(const PointsNetworkOptions& o, const ConditionOptions& condition) {
  return o.values * (o.leak ? 2 : 1) + condition_channels(condition, o.values);
}

}  // namespace

Extent extent(const PointsNetworkOptions& o, const ConditionOptions& condition) {
  check_points_options(o, condition);
  Extent sum;
  const auto projection = [&](int64_t in, int64_t out) {
    sum.add({out, in}, o.layers);
    sum.add({out}, o.layers);
  };
  projection(entering_points(o, condition), o.width);
  projection(o.width, 2 * o.width);
  projection(2 * o.width, o.width);
  for (int64_t l = 0; l < o.layers; ++l)
    sum.add({candidates_of(o, l), o.values, o.leak ? o.width / 2 : o.width});
  return sum;
}

PointsBlockImpl::PointsBlockImpl(int64_t entering, int64_t width) {
  entry = register_module("entry", Projection(ProjectionOptions{entering, width}));
  linear_1 = register_module("linear_1", Projection(ProjectionOptions{width, 2 * width}));
  linear_2 = register_module("linear_2", Projection(ProjectionOptions{2 * width, width}));
}

Tensor PointsBlockImpl::forward(const Tensor& h, const Tensor& entering) const {
  end_if_interrupted();
  const Tensor entered = h + entry->forward(entering);
  const Tensor normed = at::layer_norm(entered, {entered.size(1)}, {}, {}, kPointsEpsilon);
  return h + linear_2->forward(at::silu(linear_1->forward(normed)));
}

PointsNetwork::PointsNetwork(const PointsNetworkOptions& options, const ConditionOptions& condition)
    : Network(condition), options_(options) {
  check_points_options(options, condition);
  const int64_t entering = entering_points(options, condition);
  for (int64_t l = 0; l < options.layers; ++l) {
    const int64_t count = candidates_of(options, l);
    const std::string name = joined("layer_", l);
    auto stage = register_module(name, std::make_shared<torch::nn::Module>(name));
    PointsBlock block(entering, options.width);
    Layer nodes(LayerOptions{options.width, options.values, count, options.residual, options.leak});
    stage->register_module("block", block.ptr());
    stage->register_module("ddo", nodes.ptr());
    blocks_.push_back(block);
    nodes_.push_back(nodes);
  }
}

std::vector<LayerShape> PointsNetwork::shapes() const {
  std::vector<LayerShape> shapes;
  for (const Layer& nodes : nodes_) shapes.push_back({1, nodes->options.candidates, options_.width, 1});
  return shapes;
}

Generated PointsNetwork::forward(int64_t rows, const Chooser& chooser, const Observer& observer,
                                 const Condition& condition, const Forwarding&) const {
  const auto options = nodes_[0]->multi_out_conv1x1->weight.options().requires_grad(false);
  Passage passage;
  passage.condition = condition;
  passage.h = at::linspace(-1, 1, options_.width, options).expand({rows, options_.width});
  for (size_t l = 0; l < blocks_.size(); ++l) {
    const int64_t now = passage.h.size(0);
    const auto flat = [&](const Tensor& maps) {
      return maps.defined() ? maps.flatten(1) : at::zeros({now, options_.values}, options);
    };
    std::vector<Tensor> parts = {flat(passage.image)};
    if (options_.leak) parts.push_back(flat(passage.leak));
    if (passage.condition.defined()) parts.push_back(passage.condition.maps.flatten(1));
    const std::vector<Tensor> entering = {passage.h.flatten(1), at::cat(parts, 1)};
    const auto stem = [block = blocks_[l]](const std::vector<Tensor>& in) {
      return block->forward(in[0], in[1]);
    };
    const Tensor h = recompute() && l + 1 < blocks_.size() ? recomputed(stem, entering) : stem(entering);
    passage.h = h.unsqueeze(2).unsqueeze(3).contiguous(at::MemoryFormat::ChannelsLast);
    passage.choose(nodes_[l], static_cast<int64_t>(l), chooser, observer);
  }
  return {passage.image, passage.code};
}

}  // namespace steer
