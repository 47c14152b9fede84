// Noise labels and classes as vectors.
#pragma once

#include "steer/nn/projection.h"

namespace steer {

// Size and order of the features.
struct PositionalOptions {
  int64_t size = 0;              // features, even
  bool flip_sin_to_cos = false;  // cosines first
  int64_t freq_shift = 1;        // less than size / 2
};

// Sines and then cosines of label times the frequencies 10000^(-i / (size / 2 - freq_shift)), i = 0 ..
// size / 2 - 1; label [B], any real numbers -> [B, size] float32 (Ho et al. 2020; frequencies of Vaswani et
// al. 2017).
Tensor positional_features(const Tensor& label, const PositionalOptions& options);

// Sines and then cosines of 2 pi ln(label) w, w [n]; label [B] > 0 -> [B, 2 n] float32 (Song et al. 2021).
Tensor fourier_features(const Tensor& label, const Tensor& w);

// Rows of a table [V, D]: by tokens int64 [...], or by probabilities [..., V] the mean of all rows, through
// which gradients pass. Equal for one-hot rows.
Tensor embedded_tokens(const Tensor& token, const Tensor& table);

// linear_2(silu(linear_1(features))): [B, in] -> [B, out].
struct TimeEmbeddingImpl : torch::nn::Module {
  // From `in` features to `out`.
  TimeEmbeddingImpl(int64_t in, int64_t out, torch::Device device = torch::kCPU);

  Tensor forward(const Tensor& features) const;

  Projection linear_1{nullptr}, linear_2{nullptr};
};
TORCH_MODULE(TimeEmbedding);

// One vector for each class: int64 [B] in 0 .. count - 1 -> [B, size]. Error outside.
struct ClassEmbeddingImpl : torch::nn::Module {
  // `count` classes, vectors of `size` numbers.
  ClassEmbeddingImpl(int64_t count, int64_t size, torch::Device device = torch::kCPU);

  Tensor forward(const Tensor& labels) const;

  Tensor weight;  // [count, size], standard normal at the start
};
TORCH_MODULE(ClassEmbedding);

// Labels int64 [B] of which each becomes `none` with this probability, decided by its row's seed (int64 [B]):
// what a network needs in training to be guided without a classifier (Ho and Salimans 2022).
Tensor with_class_dropout(const Tensor& labels, double probability, int64_t none, const Tensor& seeds);

}  // namespace steer
