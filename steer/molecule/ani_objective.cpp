#include "steer/molecule/ani_objective.h"

#include <torch/autograd.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include "steer/core/check.h"
#include "steer/molecule/elements.h"
#include "steer/molecule/molecule_objectives.h"
#include "steer/molecule/molecule_space.h"

namespace steer {
namespace {

constexpr double kTinyForce = 1e-12;          // in squares: roots have a gradient at 0, too
constexpr int64_t kAniPairsAtOnce = 1 << 15;  // ordered pairs of places in molecules that are seen together

// Scores [N] of molecules: positions [N, A, 3] and atomic numbers [N, A].
using AniScore = std::function<Tensor(const Tensor& position, const Tensor& number)>;

// A few molecules after the other, each with its gradient at once: what a gradient needs is kept of a few
// molecules only, however many there are.
struct AniScoreInParts : torch::autograd::Function<AniScoreInParts> {
  using Context = torch::autograd::AutogradContext;
  using Gradients = torch::autograd::variable_list;

  static Tensor forward(Context* context, const Tensor& position, const Tensor& number, const AniScore& score,
                        bool with_gradient) {
    std::vector<Tensor> scores, gradients;
    const int64_t places = position.size(1),
                  rows = std::max<int64_t>(kAniPairsAtOnce / std::max<int64_t>(places * places, 1), 1);
    for (int64_t from = 0; from < position.size(0); from += rows) {
      const torch::AutoGradMode mode(with_gradient);
      const int64_t some = std::min(rows, position.size(0) - from);
      const Tensor x = position.detach().narrow(0, from, some).clone().requires_grad_(with_gradient);
      const Tensor part = score(x, number.narrow(0, from, some));
      if (with_gradient) gradients.push_back(torch::autograd::grad({part.sum()}, {x})[0]);
      scores.push_back(part.detach());
    }
    if (with_gradient && !gradients.empty()) context->save_for_backward({at::cat(gradients, 0)});
    return scores.empty() ? position.new_zeros({0}) : at::cat(scores, 0);
  }

  static Gradients backward(Context* context, const Gradients& gradients) {
    const auto saved = context->get_saved_variables();
    return {saved.empty() ? Tensor() : saved[0] * gradients[0].view({-1, 1, 1}), {}, {}, {}};
  }
};

class AniObjective : public Objective {
 public:
  AniObjective(const Space& space, const Ani& ani, const AniWish& wish, std::string words)
      : ani_(ani), wish_(wish), words_(std::move(words)) {
    std::vector<int64_t> numbers;
    std::string known;
    for (const int number : element_numbers(space)) numbers.push_back(ani_.knows(number) ? number : -1);
    for (const int number : ani_.constants().elements) known += element_symbol(number);
    STEER_CHECK(*std::max_element(numbers.begin(), numbers.end()) > 0,
                "[ani] expected molecules of elements of ", known, " but got those of ", space.alphabet);
    for (const double number : {wish.cost, wish.caution})
      STEER_CHECK(std::isfinite(number) && number >= 0,
                  "[ani] expected a cost and a caution of at least 0 but got ", number);
    numbers_ = at::tensor(numbers, torch::kInt64);
  }

  Tensor score(const State& samples) const override {
    const SeenMolecules m = seen_molecules(samples);
    STEER_CHECK(m.type.size(2) == numbers_.size(0), "[ani] expected molecules of ", numbers_.size(0),
                " types but got ", m.type.size(2));
    const Tensor type = m.type.detach().argmax(2),
                 number = numbers_.to(type.device()).index_select(0, type.flatten()).view_as(type),
                 there = m.place > 0;
    const Tensor fits = there.any(1) & (there & (number < 0)).any(1).logical_not();
    const Tensor judged = number * (there & fits.unsqueeze(1)).to(torch::kInt64);
    const AniScore score = [this](const Tensor& position, const Tensor& elements) {
      return wish_.force ? -largest_force(position, elements) : -per_atom(position, elements);
    };
    const bool with_gradient = at::GradMode::is_enabled() && m.position.requires_grad();
    const Tensor scores = AniScoreInParts::apply(m.position, judged, score, with_gradient);
    return at::where(fits, scores, at::full_like(scores, -wish_.cost));
  }
  bool differentiable() const override { return true; }
  bool in_nats() const override { return false; }
  std::string words() const override { return words_; }

 private:
  Tensor per_atom(const Tensor& position, const Tensor& number) const {
    const AniEnergies energies = ani_.energies(position, number);
    return (energies.told + energies.deviation * wish_.caution) / (number > 0).sum(1).clamp_min(1);
  }

  Tensor largest_force(const Tensor& position, const Tensor& number) const {
    return (ani_.forces(position, number).square().sum(2) + kTinyForce).sqrt().amax(1);
  }

  Ani ani_;
  AniWish wish_;
  std::string words_;
  Tensor numbers_;  // int64 [types], on the processor: atomic numbers, -1 for those that are not known
};

}  // namespace

std::unique_ptr<Objective> ani_objective(const Space& space, const Ani& ani, const AniWish& wish,
                                         std::string words) {
  return std::make_unique<AniObjective>(space, ani, wish, std::move(words));
}

}  // namespace steer
