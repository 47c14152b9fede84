#include "steer/objectives/objective.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"

namespace steer {

WeightedSum::WeightedSum(std::vector<Term> terms) : terms_(std::move(terms)) {
  STEER_CHECK(!terms_.empty(), "[objective] expected at least one term in a sum");
  for (const Term& term : terms_) {
    STEER_CHECK(term.objective != nullptr, "[objective] a term of the sum is missing");
    STEER_CHECK(std::isfinite(term.weight) && term.weight > 0,
                "[objective] expected a finite weight above 0 but got ", term.weight);
  }
}

Tensor WeightedSum::score(const Tensor& x) const {
  Tensor sum;
  for (const Term& term : terms_) {
    const Tensor part = term.objective->score(x) * term.weight;
    sum = sum.defined() ? sum + part : part;
  }
  return sum;
}

int64_t WeightedSum::targets() const {
  int64_t most = 1;
  for (const Term& term : terms_) most = std::max(most, term.objective->targets());
  return most;
}

bool WeightedSum::differentiable() const {
  for (const Term& term : terms_)
    if (!term.objective->differentiable()) return false;
  return true;
}

std::vector<LinearMeasurement> WeightedSum::measurements() const {
  for (const Term& term : terms_)
    if (term.objective->measurements().empty()) return {};
  return linear_part();
}

std::vector<LinearMeasurement> WeightedSum::linear_part() const {
  std::vector<LinearMeasurement> all;
  for (const Term& term : terms_)
    for (const LinearMeasurement& measurement : term.objective->linear_part()) {
      all.push_back(measurement);
      all.back().scale *= term.weight;
    }
  return all;
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

std::string WeightedSum::words() const {
  std::string text;
  for (const Term& term : terms_) {
    if (!text.empty()) text += " + ";
    if (term.weight != 1.0) text += fmt::format("{}*", term.weight);
    text += term.objective->words();
  }
  return text;
}

}  // namespace steer
