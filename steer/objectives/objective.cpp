#include "steer/objectives/objective.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/objectives/syntax.h"

namespace steer {

Tensor Objective::noised_score(const Tensor&, const Tensor&) const {
  fail("[objective] ", words(), ": expected a classifier of texts that are on their way");
}

WeightedSum::WeightedSum(std::vector<Term> terms) : terms_(std::move(terms)) {
  STEER_CHECK(!terms_.empty(), "[objective] expected at least one term in a sum");
  for (const Term& term : terms_) {
    STEER_CHECK(term.objective != nullptr, "[objective] a term of the sum is missing");
    STEER_CHECK(std::isfinite(term.weight) && term.weight != 0,
                "[objective] expected a finite weight that is not 0 but got ", term.weight);
    STEER_CHECK(term.weight > 0 || term.objective->linear().empty(), "[objective] ", term.objective->words(),
                ": expected a weight above 0 for a measurement, which has no farthest point, but got ",
                term.weight);
  }
}

Tensor WeightedSum::score(const State& sample) const {
  Tensor sum;
  for (const Term& term : terms_) {
    const Tensor part = term.objective->score(sample) * term.weight;
    sum = sum.defined() ? sum + part : part;
  }
  return sum;
}

bool WeightedSum::judges_noised() const {
  return std::all_of(terms_.begin(), terms_.end(),
                     [](const Term& term) { return term.objective->judges_noised(); });
}

Tensor WeightedSum::noised_score(const Tensor& token, const Tensor& noise) const {
  Tensor sum;
  for (const Term& term : terms_) {
    const Tensor part = term.objective->noised_score(token, noise) * term.weight;
    sum = sum.defined() ? sum + part : part;
  }
  return sum;
}

int64_t WeightedSum::targets() const {
  int64_t most = 1;
  for (const Term& term : terms_) most = std::max(most, term.objective->targets());
  return most;
}

bool WeightedSum::in_nats() const {
  return std::all_of(terms_.begin(), terms_.end(),
                     [](const Term& term) { return term.objective->in_nats(); });
}

bool WeightedSum::differentiable() const {
  for (const Term& term : terms_)
    if (!term.objective->differentiable()) return false;
  return true;
}

std::vector<Measurement> WeightedSum::linear() const {
  std::vector<Measurement> all;
  for (const Term& term : terms_) {
    const std::vector<Measurement> some = term.objective->linear();
    if (some.empty()) return {};
    for (const Measurement& measurement : some) {
      all.push_back(measurement);
      all.back().scale *= term.weight;
    }
  }
  return all;
}

std::vector<Objective::Part> WeightedSum::parts() const {
  std::vector<Part> parts;
  for (const Term& term : terms_) parts.push_back({term.weight, term.objective.get(), false});
  return parts;
}

Tensor WeightedSum::asked() const {
  for (const Term& term : terms_)
    if (const Tensor classes = term.objective->asked(); classes.defined() && term.weight > 0) return classes;
  return {};
}

ClassNames WeightedSum::asked_names() const {
  for (const Term& term : terms_)
    if (term.weight > 0 && term.objective->asked().defined()) return term.objective->asked_names();
  return {};
}

Tensor WeightedSum::degraded() const {
  for (const Term& term : terms_)
    if (const Tensor picture = term.objective->degraded(); picture.defined()) return picture;
  return {};
}

Tensor WeightedSum::hidden() const {
  Tensor all;
  for (const Term& term : terms_) {
    const Tensor some = term.objective->hidden();
    if (some.defined()) all = all.defined() ? all * some : some;
  }
  return all;
}

State WeightedSum::known() const {
  State all;
  for (const Term& term : terms_) {
    const State some = term.objective->known();
    if (!some.defined() || term.weight <= 0) continue;
    if (!all.defined()) {
      all = some;
      continue;
    }
    all.token = at::where(all.mask, all.token, some.token);
    all.mask = all.mask | some.mask;
  }
  return all;
}

std::string WeightedSum::words() const {
  std::string text;
  for (const Term& term : terms_) {
    text += weight_text(term.weight, &term == &terms_.front()) + term.objective->words();
  }
  return text;
}

RankSum::RankSum(std::vector<WeightedSum::Term> terms) : sum_(std::move(terms)) {}

std::vector<Objective::Part> RankSum::parts() const {
  std::vector<Part> parts = sum_.parts();
  for (Part& part : parts) part.ranked = true;
  return parts;
}

Tensor RankSum::score(const State& sample) const {
  Tensor sum;
  for (const Part& part : parts()) {
    const Tensor rank = ranks_within(part.objective->score(sample), targets()) * part.weight;
    sum = sum.defined() ? sum + rank : rank;
  }
  return sum;
}

Tensor ranks_within(const Tensor& score, int64_t groups) {
  STEER_CHECK(score.dim() == 1 && groups > 0 && score.size(0) % groups == 0, "[rank] expected scores in ",
              groups, " equal groups but got ", shape_text(score.sizes()));
  const Tensor grouped = score.detach().view({groups, -1});
  const Tensor order = std::get<1>(at::sort(grouped, true, 1, false));
  const Tensor places = at::arange(grouped.size(1), order.options()).expand_as(order);
  return at::empty_like(order).scatter_(1, order, places).flatten().to(torch::kFloat32);
}

Tensor per_sample(const Tensor& of_targets, int64_t samples, const char* what) {
  const int64_t targets = of_targets.size(0);
  if (targets == 1) return of_targets;
  STEER_CHECK(samples % targets == 0, "[", what, "] expected a multiple of ", targets,
              " samples, one group per target, but got ", samples);
  return of_targets.repeat_interleave(samples / targets, 0);
}

}  // namespace steer
