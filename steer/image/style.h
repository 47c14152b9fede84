// That a sample looks to a network as a picture does.
#pragma once

#include "steer/image/features.h"
#include "steer/objectives/objective.h"

namespace steer {

// Minus the mean squared difference of the features of sample and truth [T, C, H, W]. The network's
// features [N, ...] are flattened.
class StyleObjective : public Objective {
 public:
  // `words` is what words() gives.
  StyleObjective(ScriptedNetwork network, const Tensor& truth, const FeatureOptions& options,
                 std::string words);

  Tensor score(const State& sample) const override;
  int64_t targets() const override { return features_.size(0); }
  bool differentiable() const override { return true; }
  bool in_nats() const override { return false; }
  Tensor degraded() const override { return truth_; }
  Tensor hidden() const override { return at::ones_like(truth_.narrow(0, 0, 1).narrow(1, 0, 1)); }
  std::string words() const override { return words_; }

 private:
  Tensor features(const Tensor& x) const;  // [N, F]

  FeatureNetwork network_;
  Tensor truth_, features_;  // [T, C, H, W], [T, F]
  std::string words_;
};

}  // namespace steer
