#include "steer/nn/transformer.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/host.h"
#include "steer/core/interruption.h"
#include "steer/core/tensors.h"
#include "steer/nn/recompute.h"
#include "steer/nn/token_steps.h"

namespace steer {
namespace {

constexpr double kTokenEpsilon = 1e-5, kFirstDeviation = 0.02;

// Of the weights of a projection without bias or with one of zeros.
Projection normal_projection(int64_t in, int64_t out, bool bias, double deviation) {
  ProjectionOptions options{in, out};
  options.bias = bias;
  Projection made(options);
  const torch::NoGradGuard no_grad;
  made->weight.normal_(0, 1);
  made->weight.mul_(deviation);
  return made;
}

Tensor activated(const std::string& name, const Tensor& x) {
  if (name == "relu") return at::relu(x);
  if (name == "silu") return at::silu(x);
  if (name == "swiglu") {
    const std::vector<Tensor> halves = x.chunk(2, -1);
    return at::silu(halves[0]) * halves[1];
  }
  return at::gelu(x, name == "gelu" ? "none" : "tanh");
}

Tensor modulated(const Tensor& normed, const Tensor& shift, const Tensor& scale) {
  return at::addcmul(shift, normed, 1 + scale);
}

bool tells(const TransformerShape& shape) {
  return shape.told_noise || shape.num_class_embeds > 0;
}

}  // namespace

KvCache KvCache::rows(const Tensor& index) const {
  KvCache some;
  for (const Layer& layer : layers)
    some.layers.push_back(
        layer.k.defined() ? Layer{layer.k.index_select(0, index), layer.v.index_select(0, index)} : Layer());
  return some;
}

TokenNormImpl::TokenNormImpl(int64_t width, bool with_bias) {
  weight = register_parameter("weight", at::ones({width}));
  if (with_bias) bias = register_parameter("bias", at::zeros({width}));
}

Tensor TokenNormImpl::forward(const Tensor& h) const {
  return at::layer_norm(h, {h.size(-1)}, weight, bias, kTokenEpsilon);
}

TransformerBlockImpl::TransformerBlockImpl(const TransformerShape& shape) : options(shape.options) {
  const TransformerOptions& o = options;
  const auto inner = static_cast<int64_t>(o.expansion * static_cast<double>(o.width));
  const double last = kFirstDeviation / std::sqrt(2.0 * static_cast<double>(o.blocks));
  norm1 = register_module("norm1", TokenNorm(o.width, o.bias));
  attn_qkv = register_module("attn_qkv", normal_projection(o.width, 3 * o.width, o.bias, kFirstDeviation));
  attn_out = register_module("attn_out", normal_projection(o.width, o.width, o.bias, last));
  norm2 = register_module("norm2", TokenNorm(o.width, o.bias));
  mlp_in = register_module("mlp_in", normal_projection(o.width, inner * (o.activation == "swiglu" ? 2 : 1),
                                                       true, kFirstDeviation));
  mlp_out = register_module("mlp_out", normal_projection(inner, o.width, true, last));
  if (tells(shape))
    modulation = register_module("modulation", normal_projection(o.condition, 6 * o.width, true, 0));
}

Tensor TransformerBlockImpl::attention(const Tensor& z, const Tensor& place, const Sight& sight,
                                       KvCache::Layer* cache, bool keep) const {
  const Heads heads =
      split_heads(attn_qkv->forward(z), options.heads, options.positions == "rotary" ? place : Tensor());
  Tensor k = heads.k, v = heads.v;
  if (cache && cache->k.defined()) {
    k = at::cat({cache->k, k}, 2);
    v = at::cat({cache->v, v}, 2);
  }
  if (cache && keep) *cache = {k, v};
  return attn_out->forward(attend(heads.q, k, v, sight).transpose(1, 2).reshape(z.sizes()));
}

Tensor TransformerBlockImpl::forward(const Tensor& h, const Tensor& told, const Tensor& place,
                                     const Sight& sight, torch::ScalarType type, const DropoutSeed& seed,
                                     KvCache::Layer* cache, bool keep) const {
  end_if_interrupted();
  std::vector<Tensor> m(6);  // shift, scale and gate of attention, then of the two layers
  if (!modulation.is_empty()) m = modulation->forward(told).unsqueeze(1).chunk(6, -1);
  const auto dropped = [&](const Tensor& y, uint64_t part) {
    return with_dropout(y, options.dropout, seed_of_part(seed, part));
  };
  const Tensor z = add_and_norm(h, {}, {}, {norm1->weight, norm1->bias, m[0], m[1]}, type).z;
  const Tensor attended = dropped(attention(z, place, sight, cache, keep), 0);
  const AddedAndNormed between =
      add_and_norm(h, attended, m[2], {norm2->weight, norm2->bias, m[3], m[4]}, type);
  const Tensor y = dropped(mlp_out->forward(activated(options.activation, mlp_in->forward(between.z))), 1);
  const Tensor wide = y.to(torch::kFloat32);
  return m[5].defined() ? at::addcmul(between.sum, m[5], wide) : between.sum + wide;
}

TransformerImpl::TransformerImpl(const TransformerShape& given) : shape(given) {
  check(shape);
  const TransformerOptions& o = shape.options;
  const auto normal = [](std::vector<int64_t> sizes) {
    const torch::NoGradGuard no_grad;
    return at::empty(sizes).normal_(0, 1).mul_(kFirstDeviation);
  };
  table = register_parameter("table", normal({shape.tokens, o.width}));
  if (o.positions == "learned") places = register_parameter("places", normal({shape.context, o.width}));
  if (shape.told_noise)
    noise_embedding = register_module("noise_embedding", TimeEmbedding(kNoiseFeatures, o.condition));
  if (shape.num_class_embeds > 0)
    class_embedding = register_module("class_embedding", ClassEmbedding(shape.num_class_embeds, o.condition));
  blocks = register_module("blocks", torch::nn::ModuleList());
  for (int64_t i = 0; i < o.blocks; ++i) blocks->push_back(TransformerBlock(shape));
  norm_out = register_module("norm_out", TokenNorm(o.width, o.bias));
  if (tells(shape))
    modulation_out = register_module("modulation_out", normal_projection(o.condition, 2 * o.width, true, 0));
  if (!o.tied)
    linear_out = register_module(
        "linear_out", normal_projection(o.width, shape.outputs, true, tells(shape) ? 0 : kFirstDeviation));
}

Tensor TransformerImpl::told(const TokenContext& context, int64_t rows) const {
  const auto check_told = [rows](const Tensor& given, bool wanted, const char* what) {
    STEER_CHECK(given.defined() == wanted, "[transformer] expected ", wanted ? "" : "no ", what,
                wanted ? " for each row but got none" : " but got some");
    STEER_CHECK(!wanted || (given.dim() == 1 && given.size(0) == rows), "[transformer] expected ", what, " [",
                rows, "] but got ", wanted ? shape_text(given.sizes()) : "");
  };
  check_told(context.noise, shape.told_noise, "noise labels");
  check_told(context.class_labels, shape.num_class_embeds > 0, "classes");
  Tensor sum;
  if (shape.told_noise)
    sum = at::silu(noise_embedding->forward(positional_features(context.noise, {kNoiseFeatures, true, 0})));
  if (shape.num_class_embeds > 0) {
    const Tensor label = at::silu(class_embedding->forward(context.class_labels));
    sum = sum.defined() ? sum + label : label;
  }
  return sum;
}

Tensor TransformerImpl::embedded(const Tensor& tokens, const Tensor& place) const {
  Tensor h;
  if (tokens.is_floating_point()) {
    STEER_CHECK(tokens.dim() == 3 && tokens.size(2) == shape.tokens,
                "[transformer] expected probabilities [B, T, ", shape.tokens, "] but got ",
                shape_text(tokens.sizes()));
    h = embedded_tokens(tokens.to(torch::kFloat32), table);
  } else {
    STEER_CHECK(tokens.dim() == 2 && tokens.scalar_type() == torch::kInt64,
                "[transformer] expected tokens int64 [B, T] but got ", shape_text(tokens.sizes()));
    if (on_host(tokens) && tokens.numel() > 0)
      STEER_CHECK(tokens.min().item<int64_t>() >= 0 && tokens.max().item<int64_t>() < shape.tokens,
                  "[transformer] expected tokens from 0 to ", shape.tokens - 1);
    h = embedded_tokens(tokens, table);
  }
  return places.defined() ? h + places.index_select(0, place) : h;
}

Tensor TransformerImpl::features(const Tensor& tokens, const TokenContext& context, const Forwarding& how,
                                 KvCache* cache, bool keep) const {
  const int64_t before = cache ? cache->length() : 0, T = tokens.size(1);
  STEER_CHECK(T >= 1 && (!places.defined() || before + T <= shape.context * (context.sight.doubled ? 2 : 1)),
              "[transformer] expected 1 to ", shape.context, " tokens, as many as it was made for, but got ",
              before + T);
  STEER_CHECK(!context.sight.doubled || T % 2 == 0, "[transformer] expected as many clean as noised tokens");
  Tensor place = at::arange(before, before + T, tokens.options().dtype(torch::kInt64));
  if (context.sight.doubled) place = place.remainder(T / 2);
  const Tensor said = told(context, tokens.size(0));
  const torch::ScalarType type = compute_type(how);
  Tensor h = with_dropout(embedded(tokens, place), shape.options.dropout,
                          seed_of_part(how.dropout_seed, static_cast<uint64_t>(shape.options.blocks)));
  if (cache && cache->layers.empty()) cache->layers.resize(static_cast<size_t>(shape.options.blocks));
  uint64_t number = 0;
  for (const auto& child : *blocks) {
    const auto* block = child->as<TransformerBlock>();
    KvCache::Layer* layer = cache ? &cache->layers[number] : nullptr;
    const DropoutSeed seed = seed_of_part(how.dropout_seed, number++);
    const auto through = [=, sight = context.sight](const std::vector<Tensor>& in) {
      return block->forward(in[0], in[1], place, sight, type, seed, layer, keep);
    };
    h = recompute_ && !cache ? recomputed(through, {h, said}) : through({h, said});
  }
  h = norm_out->forward(h);
  if (modulation_out.is_empty()) return h;
  const std::vector<Tensor> m = modulation_out->forward(said).unsqueeze(1).chunk(2, -1);
  return modulated(h, m[0], m[1]);
}

Tensor TransformerImpl::last_weight() const {
  return shape.options.tied ? table.narrow(0, 0, shape.outputs) : linear_out->weight;
}

Tensor TransformerImpl::last_bias() const {
  return shape.options.tied ? Tensor() : linear_out->bias;
}

Tensor TransformerImpl::logits(const Tensor& features, const Forwarding& how) const {
  const torch::ScalarType type = compute_type(how);
  if (!shape.options.tied) return linear_out->forward(features.to(type)).to(torch::kFloat32);
  return at::linear(features.to(type), last_weight().to(type)).to(torch::kFloat32);
}

}  // namespace steer
