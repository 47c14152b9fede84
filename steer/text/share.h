// Texts of which a share of the characters is of some kind.
#pragma once

#include <string>
#include <vector>

#include "steer/core/named.h"
#include "steer/objectives/objective.h"
#include "steer/text/tokenizer.h"

namespace steer {

// The kinds of characters that have names, of ASCII: upper, lower, letters, vowels, digits, spaces (with line
// breaks), punctuation.
const std::vector<Named>& character_kinds();

// Whether a character, as UTF-8, is of a named kind or, for any other word, one of its characters.
bool is_of_kind(const std::string& character, const std::string& kind);

// -(share - wanted)^2 / (2 noise^2), share = characters of the kind over all characters. Of probabilities the
// logarithm of the mean of its exponential as if the share were normal, with the mean and variance that
// independent tokens give it, which for many tokens it is: ln N(wanted; mean, noise^2 + variance) +
// ln(noise sqrt(2 pi)); differentiable.
class ShareObjective : public Objective {
 public:
  // The kind as is_of_kind takes it; `words` is what words() gives.
  ShareObjective(const Tokenizer& tokenizer, const std::string& kind, double wanted, double noise,
                 std::string words);

  Tensor score(const State& sample) const override;
  bool differentiable() const override { return true; }
  bool averages() const override { return true; }
  std::string words() const override { return words_; }

  // The share itself, [N]; of probabilities its mean.
  Tensor share(const State& sample) const;

 private:
  struct Moments {
    Tensor mean, variance;  // [N]
  };
  Moments moments(const State& sample) const;

  Tensor members_, characters_;  // [V], of each token
  double wanted_, noise_;
  std::string words_;
};

}  // namespace steer
