#include "steer/ddn/recurrent.h"

#include "steer/core/check.h"
#include "steer/core/interruption.h"
#include "steer/nn/layer_norm_maps.h"
#include "steer/nn/recompute.h"
#include "steer/nn/silu_sum.h"
#include "steer/nn/transposed_conv.h"

namespace steer {
namespace {

constexpr int64_t kEmbedding = 100;
constexpr int64_t kClasses = 10;

// Row i, column j: sin(i 10000^(-2j/100)) for even i, cos for odd i.
Tensor class_table() {
  const Tensor i = at::arange(kClasses, torch::kFloat32).view({-1, 1});
  const Tensor j = at::arange(kEmbedding, torch::kFloat32).view({1, -1});
  const Tensor angle = i * at::pow(10000.0, j * (-2.0 / kEmbedding));
  return at::where(at::remainder(i, 2) == 0, angle.sin(), angle.cos());
}

// Weights follow the number type of the input.
Tensor convolved(const torch::nn::Conv2d& conv, const Tensor& x) {
  const auto type = x.scalar_type();
  return at::conv2d(x, conv->weight.to(type), conv->bias.to(type), conv->options.stride(), {1, 1});
}

Tensor doubled(const torch::nn::ConvTranspose2d& conv, const Tensor& x) {
  return transposed_conv(x, conv->weight, conv->bias, 2, 1);
}

}  // namespace

NormConvImpl::NormConvImpl(int64_t in, int64_t out, int64_t size) {
  ln = register_module("ln", torch::nn::LayerNorm(torch::nn::LayerNormOptions({in, size, size})));
  conv1 = register_module("conv1", torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 3).padding(1)));
}

Tensor NormConvImpl::forward(const Tensor& x, bool silu, const Tensor& offset) {
  end_if_interrupted();
  return convolved(conv1, layer_norm_maps(x, ln->weight, ln->bias, 1e-5, silu, offset));
}

torch::nn::Sequential Recurrent::triple(const std::string& name, std::vector<int64_t> channels,
                                        int64_t size) {
  torch::nn::Sequential blocks;
  for (size_t i = 0; i + 1 < channels.size(); ++i)
    blocks->push_back(NormConv(channels[i], channels[i + 1], size));
  return stage_->register_module(name, blocks);
}

torch::nn::Sequential Recurrent::embedding(const std::string& name, int64_t out) {
  return stage_->register_module(name, torch::nn::Sequential(torch::nn::Linear(kEmbedding, out),
                                                             torch::nn::SiLU(), torch::nn::Linear(out, out)));
}

Recurrent::Recurrent(const RecurrentOptions& options, const ConditionOptions& condition)
    : Network(condition), options_(options) {
  STEER_CHECK(condition.type == "none" || needs_label(condition),
              "[options] ddn.condition.type: expected none or class for the recurrent network, which is told "
              "through its class embedding, but got ",
              condition.type);
  STEER_CHECK(!needs_label(condition) || condition.classes <= kClasses,
              "[options] ddn.condition.classes: expected at most ", kClasses,
              " for the recurrent network but got ", condition.classes);
  STEER_CHECK(options.size >= 16 && options.size % 16 == 0,
              "[options] network.size: expected a multiple of 16 but got ", options.size);
  STEER_CHECK(options.base >= 4 && options.base % 4 == 0,
              "[options] network.base: expected a multiple of 4 but got ", options.base);
  STEER_CHECK(options.repeats >= 1, "[options] network.repeats: expected at least 1 but got ",
              options.repeats);
  auto sequence = register_module("ddn_seqen", std::make_shared<torch::nn::Module>("ddn_seqen"));
  stage_ = sequence->register_module("0", std::make_shared<torch::nn::Module>("stage"));
  const int64_t c = options.image_channels, b = options.base, n = options.size;
  class_embed_ = stage_->register_module("class_embed", torch::nn::Embedding(kClasses, kEmbedding));
  {
    torch::NoGradGuard no_grad;
    class_embed_->weight.copy_(class_table());
  }
  class_embed_->weight.set_requires_grad(false);
  const auto down = [&](const std::string& name, int64_t channels) {
    return stage_->register_module(
        name, torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, channels, 4).stride(2).padding(1)));
  };
  const auto up = [&](const std::string& name, int64_t channels) {
    return stage_->register_module(
        name, torch::nn::ConvTranspose2d(
                  torch::nn::ConvTranspose2dOptions(channels, channels, 4).stride(2).padding(1)));
  };
  te1_ = embedding("te1", c);
  b1_ = triple("b1", {c, b, b, b}, n);
  down1_ = down("down1", b);
  te2_ = embedding("te2", b);
  b2_ = triple("b2", {b, 2 * b, 2 * b, 2 * b}, n / 2);
  down2_ = down("down2", 2 * b);
  te3_ = embedding("te3", 2 * b);
  b3_ = triple("b3", {2 * b, 4 * b, 4 * b, 4 * b}, n / 4);
  down3_ = down("down3", 4 * b);
  te_mid_ = embedding("te_mid", 4 * b);
  b_mid_ = triple("b_mid", {4 * b, 2 * b, 2 * b, 4 * b}, n / 8);
  up1_ = up("up1", 4 * b);
  te4_ = embedding("te4", 8 * b);
  b4_ = triple("b4", {8 * b, 4 * b, 2 * b, 2 * b}, n / 4);
  up2_ = up("up2", 2 * b);
  te5_ = embedding("te5", 4 * b);
  b5_ = triple("b5", {4 * b, 2 * b, b, b}, n / 2);
  up3_ = up("up3", b);
  te_out_ = embedding("te_out", 2 * b);
  b_out_ = triple("b_out", {2 * b, b, b, b}, n);
  b1_previous_ = triple("b1_previous_last", {b, b, b, b}, n);
  b1_leak_ = triple("b1_leak_choice", {c, b, b, b}, n);
  nodes_ =
      stage_->register_module("ddo", Layer(LayerOptions{b, c, options.candidates, options.residual, true}));
}

std::vector<LayerShape> Recurrent::shapes() const {
  return std::vector<LayerShape>(
      static_cast<size_t>(options_.repeats),
      LayerShape{options_.size, options_.candidates, options_.base, options_.size});
}

Tensor Recurrent::features(const Tensor& feature, const Tensor& image, const Tensor& leak, const Tensor& row,
                           torch::ScalarType type) const {
  // Norm and convolution three times with a SiLU between, which the norm behind it takes. What `te` makes of
  // the class is added to what enters.
  const auto before_silu = [&](torch::nn::Sequential blocks, const Tensor& x,
                               torch::nn::Sequential te = nullptr) {
    Tensor h = x;
    for (size_t i = 0; i < blocks->size(); ++i)
      h = blocks->ptr<NormConvImpl>(i)->forward(h, i > 0, i == 0 && te ? te->forward(row) : Tensor());
    return h;
  };
  const auto through = [&](torch::nn::Sequential blocks, const Tensor& x, torch::nn::Sequential te) {
    return silu_sum({before_silu(blocks, x, te)});
  };
  const auto layout = [&](const Tensor& x) { return x.to(type).contiguous(at::MemoryFormat::ChannelsLast); };
  const Tensor o1 =
      silu_sum({before_silu(b1_, layout(image), te1_), before_silu(b1_previous_, layout(feature)),
                before_silu(b1_leak_, layout(leak))});
  const Tensor o2 = through(b2_, convolved(down1_, o1), te2_);
  const Tensor o3 = through(b3_, convolved(down2_, o2), te3_);
  const Tensor m = through(b_mid_, convolved(down3_, o3), te_mid_);
  const Tensor o4 = through(b4_, at::cat({o3, doubled(up1_, m)}, 1), te4_);
  const Tensor o5 = through(b5_, at::cat({o2, doubled(up2_, o4)}, 1), te5_);
  return through(b_out_, at::cat({o1, doubled(up3_, o5)}, 1), te_out_);
}

Generated Recurrent::forward(int64_t rows, const Chooser& chooser, const Observer& observer,
                             const Condition& condition, const Forwarding& how) const {
  const int64_t n = options_.size, b = options_.base;
  const torch::ScalarType type = how.compute_type.value_or(compute_type());
  const auto options = nodes_->multi_out_conv1x1->weight.options().requires_grad(false);
  // The first features are ramps, turned by a quarter from channel to channel; the first image and leak are
  // one ramp.
  Tensor ramps = at::linspace(-1, 1, b * n * n, options).view({b, n, n}).clone();
  for (int64_t i = 0; i < b; ++i) ramps[i].copy_(at::rot90(ramps[i].clone(), i, {0, 1}));
  Tensor image =
      at::linspace(-1, 1, n * n, options).view({1, 1, n, n}).expand({rows, options_.image_channels, n, n});
  Tensor leak = image;
  Passage passage;
  passage.condition = condition;
  passage.h = ramps.expand({rows, b, n, n});
  for (int64_t l = 0; l < options_.repeats; ++l) {
    const Tensor& label = passage.condition.label;
    const Tensor row =
        label.defined() ? class_embed_->weight.index_select(0, label) : class_embed_->weight.narrow(0, 0, 1);
    const auto stem = [this, type](const std::vector<Tensor>& in) {
      return features(in[0], in[1], in[2], in[3], type);
    };
    const std::vector<Tensor> entering = {passage.h, image, leak, row};
    passage.h = recompute() && l + 1 < options_.repeats ? recomputed(stem, entering) : stem(entering);
    passage.choose(nodes_, l, chooser, observer);
    image = passage.image;
    leak = passage.leak;
  }
  return {passage.image, passage.code};
}

}  // namespace steer
