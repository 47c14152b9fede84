#include "steer/ddn/block_network.h"

#include "steer/core/check.h"

namespace steer {
namespace {

constexpr double kBlockEpsilon = 1e-5;

void check_block_shape(const BlockNetworkShape& shape) {
  const BlockNetworkOptions& o = shape.options;
  STEER_CHECK(shape.tokens >= 1 && shape.block >= 1 && shape.context >= 1,
              "[blocks] expected tokens, a block and a context of at least 1 but got ", shape.tokens, ", ",
              shape.block, " and ", shape.context);
  STEER_CHECK(o.layers >= 1 && o.features >= 1, "[blocks] expected at least one layer and feature but got ",
              o.layers, " and ", o.features);
  STEER_CHECK(o.candidates.size() == 1 || o.candidates.size() == static_cast<size_t>(o.layers),
              "[options] network.candidates: expected one number or one per layer (", o.layers, ") but got ",
              o.candidates.size());
}

int64_t candidates_of(const BlockNetworkOptions& o, int64_t layer) {
  return o.candidates.size() == 1 ? o.candidates[0] : o.candidates[static_cast<size_t>(layer)];
}

}  // namespace

Extent extent(const BlockNetworkShape& shape) {
  check_block_shape(shape);
  const BlockNetworkOptions& o = shape.options;
  const int64_t wide = o.features * shape.block, entering = shape.tokens * shape.block + shape.context;
  Extent sum;
  const auto projection = [&](int64_t in, int64_t out, int64_t times) {
    sum.add({out, in}, times);
    sum.add({out}, times);
  };
  projection(shape.context, wide, 1);
  projection(entering, wide, o.layers);
  projection(wide, 2 * wide, o.layers);
  projection(2 * wide, wide, o.layers);
  for (int64_t l = 0; l < o.layers; ++l) {
    projection(wide, candidates_of(o, l), 1);
    sum.add({candidates_of(o, l), shape.tokens, o.features});
  }
  return sum;
}

BlockNetworkImpl::BlockNetworkImpl(const BlockNetworkShape& given) : shape(given) {
  check_block_shape(shape);
  const BlockNetworkOptions& o = shape.options;
  const int64_t wide = o.features * shape.block;
  start_ = register_module("start", Projection(ProjectionOptions{shape.context, wide}));
  for (int64_t l = 0; l < o.layers; ++l) {
    const int64_t count = candidates_of(o, l);
    const std::string name = joined("layer_", l);
    auto stage = register_module(name, std::make_shared<torch::nn::Module>(name));
    PointsBlock block(shape.tokens * shape.block + shape.context, wide);
    Projection prior(ProjectionOptions{wide, count});
    LayerOptions layer{o.features, shape.tokens, count, o.residual, false};
    layer.reenters = false, layer.stir = 0.05;
    Layer nodes(layer);
    nodes->companions = {prior->weight, prior->bias};
    stage->register_module("block", block.ptr());
    stage->register_module("prior", prior.ptr());
    stage->register_module("ddo", nodes.ptr());
    blocks_.push_back(block), priors_.push_back(prior), nodes_.push_back(nodes);
  }
}

BlocksMade BlockNetworkImpl::run(const Tensor& context, const Chooser& chooser) const {
  STEER_CHECK(context.dim() == 2 && context.size(1) == shape.context, "[blocks] expected a context [N, ",
              shape.context, "] but got ", shape_text(context.sizes()));
  BlocksMade made;
  Passage passage;
  passage.condition.maps = context;
  passage.h = start_->forward(context);
  const auto observer = [&](const LayerStep& step) {
    if (step.choice.row.defined())
      for (Tensor& earlier : made.logits) earlier = earlier.index_select(0, step.choice.row);
    made.logits.push_back(step.image.squeeze(2).transpose(1, 2));
  };
  for (size_t l = 0; l < blocks_.size(); ++l) {
    const Tensor& told = passage.condition.maps;
    const int64_t rows = told.size(0);
    const Tensor before = passage.image.defined()
                              ? passage.image.softmax(1).flatten(1)
                              : at::zeros({rows, shape.tokens * shape.block}, told.options());
    const Tensor h = blocks_[l]->forward(passage.h.reshape({rows, -1}), at::cat({before, told}, 1));
    passage.expected =
        priors_[l]->forward(at::layer_norm(h, {h.size(1)}, {}, {}, kBlockEpsilon)).log_softmax(1);
    passage.h =
        h.view({rows, shape.options.features, 1, shape.block}).contiguous(at::MemoryFormat::ChannelsLast);
    passage.choose(nodes_[l], static_cast<int64_t>(l), chooser, observer);
  }
  made.code = passage.code, made.log_prior = passage.log_prior;
  return made;
}

}  // namespace steer
