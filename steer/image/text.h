// That a sample fits words, as a network of images and text sees it.
#pragma once

#include "steer/nn/scripted.h"
#include "steer/objectives/objective.h"

namespace steer {

// The network's own similarity: its forward takes images [N, 3, H, W] in [-1, 1] (grey is repeated), at the
// sample's size, and a text, and gives [N].
class TextObjective : public Objective {
 public:
  // `text` goes to the network, `words` is what words() gives.
  TextObjective(ScriptedNetwork network, std::string text, std::string words);

  Tensor score(const State& sample) const override;
  bool differentiable() const override { return true; }
  bool in_nats() const override { return false; }
  Enlargement enlargement() const override { return Enlargement::kBilinear; }
  std::string words() const override { return words_; }

 private:
  ScriptedNetwork network_;
  std::string text_, words_;
};

}  // namespace steer
