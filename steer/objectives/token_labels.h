// The class of a text, by a classifier that knows noise.
#pragma once

#include "steer/nn/token_classifier.h"
#include "steer/objectives/objective.h"

namespace steer {

// log p(class | text / temperature): the logarithm of the softmax of logits / temperature at the class asked
// of the sample's target; of texts, of probabilities of tokens (to which it is not linear), and of noised
// texts on their way.
class TokenLabelObjective : public Objective {
 public:
  // asked int64 [T]: the class of each target; temperature > 0; `words` is what words() gives.
  TokenLabelObjective(SavedTokenClassifier classifier, Tensor asked, double temperature, std::string words);

  Tensor score(const State& sample) const override;
  int64_t targets() const override { return asked_.size(0); }
  bool differentiable() const override { return true; }
  bool judges_noised() const override { return true; }
  Tensor noised_score(const Tensor& token, const Tensor& noise) const override;
  Tensor asked() const override { return asked_; }
  ClassNames asked_names() const override { return classifier_.class_names; }
  std::string words() const override { return words_; }

 private:
  Tensor wanted(const Tensor& logits) const;

  SavedTokenClassifier classifier_;
  Tensor asked_;
  double temperature_;
  std::string words_;
};

}  // namespace steer
