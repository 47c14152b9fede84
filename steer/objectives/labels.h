// Objectives that ask a classifier.
#pragma once

#include "steer/nn/saved_network.h"
#include "steer/objectives/objective.h"

namespace steer {

// Error unless classes int64 [T], T > 0, are asked, and logits may be divided by the temperature.
void check_asked(const Tensor& asked, double temperature);

// log softmax(logits / temperature) of rows of logits [N, M] at the class asked of each row's target, N a
// multiple of T: [N], where the logits are. Differentiable.
Tensor asked_log_p(const Tensor& logits, const Tensor& asked, double temperature);

// log p(class | x / temperature): the logarithm of the softmax of logits / temperature at the class asked of
// the sample's target.
class LabelObjective : public Objective {
 public:
  // asked int64 [T]: the class of each target; temperature > 0; `words` is what words() gives.
  LabelObjective(SavedNetwork classifier, Tensor asked, double temperature, std::string words);

  Tensor score(const State& sample) const override;
  int64_t targets() const override { return asked_.size(0); }
  bool differentiable() const override { return true; }
  Tensor asked() const override { return asked_; }
  ClassNames asked_names() const override { return classifier_.class_names; }
  std::string words() const override { return words_; }

 private:
  SavedNetwork classifier_;
  Tensor asked_;
  double temperature_;
  std::string words_;
};

// log max_c p(c | x): that the classifier is sure, of whatever class.
class CertainObjective : public Objective {
 public:
  // `words` is what words() gives.
  CertainObjective(SavedNetwork classifier, std::string words);

  Tensor score(const State& sample) const override;
  bool differentiable() const override { return true; }
  bool in_nats() const override { return false; }
  std::string words() const override { return words_; }

 private:
  SavedNetwork classifier_;
  std::string words_;
};

}  // namespace steer
