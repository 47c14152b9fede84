// A Discrete Distribution Network for a block of tokens: every candidate is a table of logits, the nodes are
// chosen as those of images are, and the network says itself how likely it finds each index.
#pragma once

#include <vector>

#include "steer/core/option_fields.h"
#include "steer/ddn/network.h"
#include "steer/ddn/points_network.h"
#include "steer/nn/extent.h"

namespace steer {

// What a user may set.
struct BlockNetworkOptions {
  int64_t features = 64;
  int64_t layers = 2;
  std::vector<int64_t> candidates = {64};
  bool residual = true;

  void fields(OptionFields& f) {
    f("features", features, "features of each token of a block", from_to(2, 1 << 14));
    f("layers", layers, "layers, one chosen index each", from_to(1, 64));
    f("candidates", candidates, "candidates K of each layer, or one number for all", from_to(1, 1 << 16));
    f("residual", residual, "add the logits of candidates to those chosen before");
  }
};

// What a model makes of it.
struct BlockNetworkShape {
  BlockNetworkOptions options;  // the user's
  int64_t tokens = 0;           // V
  int64_t block = 0;            // B, tokens of a block
  int64_t context = 0;          // numbers that tell what comes before it
};

// How much such a network is, without building it. Error for options that its constructor refuses.
Extent extent(const BlockNetworkShape& shape);

// Blocks that were made.
struct BlocksMade {
  std::vector<Tensor> logits;  // [N, B, V] after each layer
  Tensor code;                 // int64 [N, L]
  Tensor log_prior;            // [N, L], ln p of each index given the context and the indices before it
};

// Layer by layer, h of B c numbers from the context: h goes through a PointsBlock, which the context and the
// probabilities chosen last enter; a linear layer on it gives ln p of the K candidates (Layer::companions go
// with the nodes); candidates are W_k h_j, with V channels at place j of a map [1, B]. A row depends on
// itself alone. float32.
struct BlockNetworkImpl : torch::nn::Module {
  // Error for a shape that contradicts itself.
  explicit BlockNetworkImpl(const BlockNetworkShape& shape);

  // For each row of the context [N, context]; the chooser sees Candidates that know their log_prior(). Rows
  // may multiply or die, and their context with them.
  BlocksMade run(const Tensor& context, const Chooser& chooser) const;

  const std::vector<Layer>& layers() const { return nodes_; }  // that hold nodes, in order

  BlockNetworkShape shape;  // as given

 private:
  Projection start_{nullptr};
  std::vector<PointsBlock> blocks_;
  std::vector<Projection> priors_;
  std::vector<Layer> nodes_;
};
TORCH_MODULE(BlockNetwork);

}  // namespace steer
