// The prior of prior.h while it learns: real weights, gradients, and the step to whole numbers.
#pragma once

#include <torch/nn.h>

#include "steer/codes/prior.h"

namespace steer {

// The network with real weights.
struct PriorNetworkImpl : torch::nn::Module {
  // Initial values follow `seed`. With `labels` it is told one of so many.
  PriorNetworkImpl(std::vector<int64_t> candidates, int64_t width, uint64_t seed, int64_t labels = 0);
  // The real weights that whole numbers stand for, to go on learning.
  explicit PriorNetworkImpl(const PriorNumbers& numbers);

  // -ln p of each index of codes int64 [B, L]: [B, L]. `label` int64 [B] where it is told labels.
  Tensor loss(const Tensor& code, const Tensor& label) const { return loss(code, label, 0, 0, 0); }
  // The same while it trains: each index is forgotten with chance `forget` by all later layers, each unit
  // with chance `drop`, both by draws that follow the seed.
  Tensor loss(const Tensor& code, const Tensor& label, double forget, double drop, uint64_t seed) const;

  // The same in whole numbers; what leaves their range is held at its end.
  PriorNumbers numbers() const;

  // Makes head_bias the logarithm of how often each index occurs in codes [N, L], each counted once more.
  void set_frequencies(const Tensor& code);

  std::vector<int64_t> candidates;  // K of each layer
  std::vector<int64_t> begins;      // in embedding and head, the row of each layer's first candidate
  // As in PriorNumbers, float32; told undefined where nothing is told.
  Tensor embedding, bias, head, head_bias, told;

 private:
  void register_all();
};
TORCH_MODULE(PriorNetwork);

}  // namespace steer
