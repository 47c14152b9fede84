// What is wanted of a finished sample. An objective never knows which generator asks.
#pragma once

#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

#include "steer/core/class_names.h"
#include "steer/core/state.h"
#include "steer/objectives/measurement.h"

namespace steer {

using torch::Tensor;

// How an unfinished, smaller sample is brought to full size before it is judged.
enum class Enlargement {
  kRepeat,    // every pixel becomes a square
  kBilinear,  // bilinearly, for objectives that see the borders of such squares
};

// An objective may hold several targets, T of them. The number of samples must then be a multiple of T, and
// the samples come in T equal consecutive groups, one per target.
class Objective {
 public:
  virtual ~Objective() = default;

  // Log-likelihood up to a constant of each sample, higher is better: N samples -> [N], float32 (float64
  // where their numbers are).
  virtual Tensor score(const State& sample) const = 0;

  // How many targets T it holds.
  virtual int64_t targets() const { return 1; }

  // Whether score() has a gradient in the samples.
  virtual bool differentiable() const = 0;

  // Of texts: whether score() of probabilities is ln E exp(score) over independent tokens (at least nearly),
  // so that its gradient tells what each token would be worth.
  virtual bool averages() const { return false; }

  // The measurements whose log-likelihoods sum to score(); empty when score() is anything else.
  virtual std::vector<Measurement> linear() const { return {}; }

  // A term of a sum.
  struct Part {
    double weight;               // multiplies its score or rank
    const Objective* objective;  // lives as long as the sum
    bool ranked;                 // whether the rank among the samples compared counts instead of the score
  };
  // The terms that score() is the sum of, so that each may be computed in its own cheapest way; empty when
  // it is one piece.
  virtual std::vector<Part> parts() const { return {}; }

  // Whether scores are logarithms of probabilities up to a constant, so that differences of one mean
  // something. Other scores are compared by how far they spread.
  virtual bool in_nats() const { return true; }

  // How smaller samples are made larger for it.
  virtual Enlargement enlargement() const { return Enlargement::kRepeat; }

  // The class asked of each target, int64 [T]; undefined for objectives that ask for none.
  virtual Tensor asked() const { return {}; }
  // The names of these classes, where they are known.
  virtual ClassNames asked_names() const { return {}; }

  // What the objective was made from, at the sample's size [T, sizes...], for people to see; undefined where
  // there is no such picture. Added noise may leave [-1, 1].
  virtual Tensor degraded() const { return {}; }

  // 1 at the places that the objective does not give, else 0: [T or 1, 1, places...]; undefined where
  // degraded() is.
  virtual Tensor hidden() const { return {}; }

  // Of texts: the tokens that it wants for sure, State.token int64 [T, L], where State.mask, bool [T, L], is
  // set; undefined for objectives that name none.
  virtual State known() const { return {}; }

  // Of texts: whether noised_score() tells of texts on their way.
  virtual bool judges_noised() const { return false; }

  // ln p(wanted | x_t) up to a constant of each noised text: tokens int64 [N, L], or one-hot [N, L, states]
  // with a gradient, of a discrete diffusion's process, `noise` -ln alpha [N] -> [N]. Error where nothing
  // judges such.
  virtual Tensor noised_score(const Tensor& token, const Tensor& noise) const;

  // The objective as the user would write it.
  virtual std::string words() const = 0;
};

// sum_i weight_i * score_i. Linear if all terms are; its picture is that of the first term that has one, and
// a place is hidden when every term with a picture hides it. Of texts it knows what its terms know that are
// wanted, the first one first.
class WeightedSum : public Objective {
 public:
  // A term and how much it counts.
  struct Term {
    double weight;                         // finite, not 0; of what is linear above 0
    std::unique_ptr<Objective> objective;  // of as many targets as the other terms, or of one
  };

  // At least one term.
  explicit WeightedSum(std::vector<Term> terms);

  Tensor score(const State& sample) const override;
  int64_t targets() const override;
  bool differentiable() const override;
  std::vector<Measurement> linear() const override;
  std::vector<Part> parts() const override;
  bool in_nats() const override;
  Tensor asked() const override;
  ClassNames asked_names() const override;
  bool judges_noised() const override;
  Tensor noised_score(const Tensor& token, const Tensor& noise) const override;
  Tensor degraded() const override;
  Tensor hidden() const override;
  State known() const override;
  std::string words() const override;

 private:
  std::vector<Term> terms_;
};

// sum_i weight_i * rank_i, where rank_i of a sample is its place by the score of term i among the samples of
// its group, from 0 for the lowest: goals whose scores have different units weigh as told. A sample's score
// depends on the others, so scores of different calls must not be compared.
class RankSum : public Objective {
 public:
  // At least one term.
  explicit RankSum(std::vector<WeightedSum::Term> terms);

  Tensor score(const State& sample) const override;
  int64_t targets() const override { return sum_.targets(); }
  bool differentiable() const override { return false; }
  bool in_nats() const override { return false; }
  std::vector<Part> parts() const override;
  Tensor asked() const override { return sum_.asked(); }
  ClassNames asked_names() const override { return sum_.asked_names(); }
  Tensor degraded() const override { return sum_.degraded(); }
  Tensor hidden() const override { return sum_.hidden(); }
  std::string words() const override { return "rank(" + sum_.words() + ")"; }

 private:
  WeightedSum sum_;
};

// Each score's place within its group, from 0 for the lowest, float32; score [N] holds `groups` equal
// consecutive groups. Equal scores keep their order.
Tensor ranks_within(const Tensor& score, int64_t groups);

// What belongs to T targets, [T, ...], for `samples` samples in T equal consecutive groups: [samples, ...],
// or [1, ...] where T is 1. Error, naming `what`, where the samples make no such groups.
Tensor per_sample(const Tensor& of_targets, int64_t samples, const char* what);

}  // namespace steer
