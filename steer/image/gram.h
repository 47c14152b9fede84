// That a sample has the textures of a picture, wherever they stand: Gram matrices of a network's features
// (Gatys et al. 2016), weighted as in training-free guidance (Ye et al. 2024).
#pragma once

#include "steer/image/features.h"
#include "steer/objectives/objective.h"

namespace steer {

// Sums over places of the products of two channels, float32 [N, C, C]: of maps [N, C, h, w], or of tokens
// [N, T, C]. Error for features of another number of dimensions.
Tensor gram_matrix(const Tensor& features);

// -|G(x) - G(truth)| / 100 with the Gram matrix G and the Frobenius norm; truth [T, C, H, W].
class GramObjective : public Objective {
 public:
  // `words` is what words() gives.
  GramObjective(ScriptedNetwork network, const Tensor& truth, const FeatureOptions& options,
                std::string words);

  Tensor score(const State& sample) const override;
  int64_t targets() const override { return gram_.size(0); }
  bool differentiable() const override { return true; }
  bool in_nats() const override { return false; }
  Tensor degraded() const override { return truth_; }
  Tensor hidden() const override { return at::ones_like(truth_.narrow(0, 0, 1).narrow(1, 0, 1)); }
  std::string words() const override { return words_; }

 private:
  FeatureNetwork network_;
  Tensor truth_, gram_;  // [T, C, H, W], [T, F, F]
  std::string words_;
};

}  // namespace steer
