// A transformer over tokens: for text from left to right, for denoising all at once, for blocks.
#pragma once

#include <vector>

#include "steer/nn/attend.h"
#include "steer/nn/embedding.h"
#include "steer/nn/forwarding.h"
#include "steer/nn/transformer_options.h"

namespace steer {

// Keys and values of tokens that were seen already, so that later ones need not ask for them again.
struct KvCache {
  // Of one block.
  struct Layer {
    Tensor k, v;  // [B, H, T, d], turned by their places already; undefined: nothing yet
  };
  std::vector<Layer> layers;  // one for each block; empty: nothing yet

  // Tokens in it.
  int64_t length() const { return layers.empty() || !layers[0].k.defined() ? 0 : layers[0].k.size(2); }
  KvCache rows(const Tensor& index) const;  // of these rows, int64
};

// What a transformer is told beside its tokens. Undefined members are not told.
struct TokenContext {
  Tensor noise;         // [B], a real number for each row
  Tensor class_labels;  // int64 [B]
  Sight sight;          // which tokens see which
};

// A norm over the features of each token, float32 in and out (Ba et al. 2016).
struct TokenNormImpl : torch::nn::Module {
  // Weights of ones; a bias of zeros where asked.
  TokenNormImpl(int64_t width, bool bias);

  Tensor forward(const Tensor& h) const;

  Tensor weight, bias;  // [width]
};
TORCH_MODULE(TokenNorm);

// h + gate_1 attn_out(attend(q, k, v)), q, k, v = attn_qkv((1 + scale_1) norm1(h) + shift_1), and then
// h + gate_2 mlp((1 + scale_2) norm2(h) + shift_2) (Vaswani et al. 2017; Peebles and Xie 2023, adaLN-zero).
// Without anything told, shifts and scales are 0 and gates 1.
struct TransformerBlockImpl : torch::nn::Module {
  // Of a shape that check() passes.
  explicit TransformerBlockImpl(const TransformerShape& shape);

  // h [B, T, width] float32, told [B, condition] or undefined, place int64 [T]. Products run in `type`.
  // Where there is a cache, tokens see those in it too, and with `keep` theirs are added.
  Tensor forward(const Tensor& h, const Tensor& told, const Tensor& place, const Sight& sight,
                 torch::ScalarType type, const DropoutSeed& seed, KvCache::Layer* cache = nullptr,
                 bool keep = false) const;

  TransformerOptions options;  // of the shape
  TokenNorm norm1{nullptr}, norm2{nullptr};
  Projection attn_qkv{nullptr}, attn_out{nullptr}, mlp_in{nullptr}, mlp_out{nullptr};
  Projection modulation{nullptr};  // empty where nothing is told

 private:
  Tensor attention(const Tensor& z, const Tensor& place, const Sight& sight, KvCache::Layer* cache,
                   bool keep) const;
};
TORCH_MODULE(TransformerBlock);

// Tokens to numbers for each of them. A row depends on itself alone.
struct TransformerImpl : torch::nn::Module {
  // Error as check(shape). Weights are normal with deviation 0.02, the last layer of each branch less by
  // sqrt(2 blocks) (Radford et al. 2019); what modulates, and the last layer with it, start at zero.
  explicit TransformerImpl(const TransformerShape& shape);

  // tokens int64 [B, T], or probabilities [B, T, tokens], -> features [B, T, width] float32, of which
  // logits() makes the output. Error for tokens that are none, more than the context where positions are
  // learned, and what is told and not wanted or wanted and not told. A cache stands for the tokens before
  // these; with `keep` these are added to it.
  Tensor features(const Tensor& tokens, const TokenContext& context, const Forwarding& how = {},
                  KvCache* cache = nullptr, bool keep = false) const;

  // Features [..., width] -> [..., outputs] float32.
  Tensor logits(const Tensor& features, const Forwarding& how = {}) const;

  // The two after one another.
  Tensor forward(const Tensor& tokens, const TokenContext& context, const Forwarding& how = {}) const {
    return logits(features(tokens, context, how), how);
  }

  Tensor last_weight() const;  // [outputs, width]
  Tensor last_bias() const;    // [outputs]; undefined where there is none

  void set_compute_type(torch::ScalarType type) { compute_type_ = type; }  // of heavy products
  void set_recompute(bool recompute) { recompute_ = recompute; }           // as NoiseNetwork's
  // What this forward computes products in.
  torch::ScalarType compute_type(const Forwarding& how) const {
    return how.compute_type.value_or(compute_type_);
  }

  TransformerShape shape;  // as given
  Tensor table;            // [tokens, width]
  Tensor places;           // [context, width], where positions are learned
  TimeEmbedding noise_embedding{nullptr};
  ClassEmbedding class_embedding{nullptr};
  torch::nn::ModuleList blocks{nullptr};
  TokenNorm norm_out{nullptr};
  Projection modulation_out{nullptr}, linear_out{nullptr};  // empty where not wanted

 private:
  Tensor told(const TokenContext& context, int64_t rows) const;
  Tensor embedded(const Tensor& tokens, const Tensor& place) const;

  torch::ScalarType compute_type_ = torch::kFloat32;
  bool recompute_ = false;
};
TORCH_MODULE(Transformer);

}  // namespace steer
