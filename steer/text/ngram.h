// How likely a text is after another text: n-grams of tokens.
#pragma once

#include <string>
#include <vector>

#include "steer/objectives/objective.h"

namespace steer {

// Tables of ln p(token | the `order` - 1 tokens before), of all orders up to this one, whole in memory.
class NgramTables {
 public:
  // Of a text's tokens, interpolated as Witten and Bell (1991) do: c tokens of T different ones after a
  // context leave T / (c + T) to the shorter context, and the shortest one to all tokens alike. Error where
  // the largest table would have more than 2^25 numbers.
  NgramTables(const std::vector<int64_t>& tokens, int64_t vocabulary, int64_t order);

  int64_t order() const { return static_cast<int64_t>(tables_.size()); }  // the largest
  // ln p(text) / text, [N]: of tokens, or of probabilities (up to order 3) the mean over independent tokens,
  // differentiable. Places left out by State.mask, and those whose context they break, do not count.
  Tensor log_likelihood(const State& text) const;

 private:
  Tensor table(int64_t order, const State& text, int64_t from) const;
  int64_t vocabulary_;
  std::vector<Tensor> tables_;  // [V], [V, V], ...: the last index is the token's own
};

// ln p(text) under one text's n-grams, less that under another's where there is one.
class NgramObjective : public Objective {
 public:
  // `words` is what words() gives.
  NgramObjective(NgramTables tables, std::vector<NgramTables> against, std::string words);

  Tensor score(const State& sample) const override;
  // Above order 3 the mean over probabilities would take too long.
  bool differentiable() const override;
  std::string words() const override { return words_; }

 private:
  NgramTables tables_;
  std::vector<NgramTables> against_;  // at most one
  std::string words_;
};

}  // namespace steer
