#include "steer/text/ngram.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"

namespace steer {
namespace {

constexpr double kMostNumbers = 1 << 25;
constexpr int64_t kMostRelaxed = 3;

// How often each n-gram occurs, [V^order].
Tensor counts_of(const Tensor& tokens, int64_t vocabulary, int64_t order) {
  int64_t size = 1;
  for (int64_t i = 0; i < order; ++i) size *= vocabulary;
  const int64_t count = tokens.size(0) - order + 1;
  if (count <= 0) return at::zeros({size}, torch::kFloat32);
  Tensor index = at::zeros({count}, torch::kInt64);
  for (int64_t i = 0; i < order; ++i) index = index * vocabulary + tokens.narrow(0, i, count);
  return at::bincount(index, {}, size).to(torch::kFloat32);
}

// Whether probabilities [..., V] leave no doubt: 1 for one token, 0 for the others.
Tensor without_doubt(const Tensor& p) {
  return (p == 1).any(-1) & ((p != 0).sum(-1) == 1);
}

// Means of a table [V^order] over windows of independent tokens, whose probabilities [M, V] are given place
// by place: [M].
Tensor means(const Tensor& table, const std::vector<Tensor>& places) {
  const int64_t vocabulary = places.front().size(1);
  const Tensor numbers = table.to(places.front().options().requires_grad(false));
  // One product for all windows, [M, V] x [V, V^(order - 1)], then one for each place.
  Tensor left = at::mm(places.front(), numbers.view({vocabulary, -1}));
  for (size_t i = 1; i < places.size(); ++i)
    left = at::bmm(places[i].unsqueeze(1), left.view({left.size(0), vocabulary, -1})).squeeze(1);
  return left.squeeze(1);
}

// The same where all probabilities are without doubt: looked up, with the same gradient, since to move one
// place while the others stay is worth what the table has for it.
Tensor looked_up(const Tensor& table, const std::vector<Tensor>& places) {
  const int64_t vocabulary = places.front().size(1), order = static_cast<int64_t>(places.size());
  const Tensor numbers = table.to(places.front().options().requires_grad(false)).flatten();
  std::vector<Tensor> token;
  Tensor index = at::zeros({places.front().size(0)}, places.front().options().dtype(torch::kInt64));
  for (const Tensor& p : places) {
    token.push_back(p.argmax(1));
    index = index * vocabulary + token.back();
  }
  const Tensor values = numbers.index_select(0, index);
  if (!at::GradMode::is_enabled() || !places.front().requires_grad()) return values;
  Tensor sum = -static_cast<double>(order - 1) * values;
  int64_t stride = 1;
  for (int64_t i = order - 1; i >= 0; --i, stride *= vocabulary) {
    const size_t at = static_cast<size_t>(i);
    const Tensor others = (index - token[at] * stride).unsqueeze(1);
    const Tensor each = others + stride * at::arange(vocabulary, index.options());
    sum = sum + (places[at] * numbers.index_select(0, each.flatten()).view_as(each)).sum(1);
  }
  return sum;
}

// The mean of a table over each window of probabilities [N, length, V] that counts, [N, windows]; 0 for the
// others. `there` bool [N, windows], or undefined: all count.
Tensor window_means(const Tensor& table, const std::vector<Tensor>& places, const Tensor& there) {
  Tensor plain = without_doubt(places.front());
  for (size_t i = 1; i < places.size(); ++i) plain = plain & without_doubt(places[i]);
  const Tensor counted = there.defined() ? there.to(plain.device()) : at::ones_like(plain);
  const auto of_those = [&](const Tensor& windows, const auto& f, const Tensor& all) {
    const Tensor at = windows.flatten().nonzero().squeeze(1);
    if (at.size(0) == 0) return all;
    std::vector<Tensor> some;
    for (const Tensor& p : places) some.push_back(p.flatten(0, 1).index_select(0, at));
    return all.index_copy(0, at, f(table, some));
  };
  const Tensor none = at::zeros({plain.numel()}, places.front().options().requires_grad(false));
  return of_those(counted & ~plain, means, of_those(counted & plain, looked_up, none)).view_as(plain);
}

}  // namespace

NgramTables::NgramTables(const std::vector<int64_t>& tokens, int64_t vocabulary, int64_t order)
    : vocabulary_(vocabulary) {
  STEER_CHECK(
      order >= 1 && std::pow(static_cast<double>(vocabulary), static_cast<double>(order)) <= kMostNumbers,
      "[ngram] expected an order whose table has at most ", static_cast<int64_t>(kMostNumbers),
      " numbers but got ", order, " for ", vocabulary, " tokens");
  const torch::NoGradGuard no_grad;
  const Tensor text = at::tensor(tokens, torch::kInt64);
  Tensor shorter = at::full({1, vocabulary}, 1.0 / static_cast<double>(vocabulary));
  for (int64_t n = 1; n <= order; ++n) {
    const Tensor count = counts_of(text, vocabulary, n).view({-1, vocabulary});
    const Tensor different = (count > 0).sum(1, true).to(torch::kFloat32), seen = count.sum(1, true);
    // The contexts that end alike share a shorter one.
    const Tensor below = shorter.unsqueeze(0).expand({n == 1 ? 1 : vocabulary, -1, -1}).reshape_as(count);
    const Tensor p = at::where(seen > 0, (count + different * below) / (seen + different), below);
    tables_.push_back(p.log());
    shorter = p;
  }
}

Tensor NgramTables::table(int64_t order, const State& text, int64_t from) const {
  const int64_t count = text.token.size(1) - from;
  Tensor there;
  if (text.mask.defined()) {
    there = at::ones({text.token.size(0), count}, torch::kBool);
    for (int64_t i = 0; i < order; ++i)
      there = there & text.mask.narrow(1, from - order + 1 + i, count).to(torch::kCPU);
  }
  const auto at_place = [&](int64_t i) { return text.token.narrow(1, from - order + 1 + i, count); };
  const Tensor& table = tables_[static_cast<size_t>(order - 1)];
  if (text.token.is_floating_point()) {
    std::vector<Tensor> places;
    for (int64_t i = 0; i < order; ++i) places.push_back(at_place(i));
    return window_means(table, places, there).sum(1);
  }
  Tensor index = at::zeros({text.token.size(0), count}, torch::kInt64);
  for (int64_t i = 0; i < order; ++i) index = index * vocabulary_ + at_place(i).to(torch::kCPU);
  const Tensor each = table.flatten().index_select(0, index.flatten()).view_as(index).to(torch::kFloat64);
  return there.defined() ? at::where(there, each, at::zeros_like(each)).sum(1) : each.sum(1);
}

Tensor NgramTables::log_likelihood(const State& text) const {
  const int64_t length = text.token.size(1);
  STEER_CHECK(!text.token.is_floating_point() || order() <= kMostRelaxed,
              "[ngram] expected tokens for an order above ", kMostRelaxed, " but got probabilities");
  Tensor sum;
  const auto add = [&](const Tensor& part) { sum = sum.defined() ? sum + part : part; };
  // The first tokens have fewer before them.
  for (int64_t n = 1; n < order() && n <= length; ++n) {
    State first;
    first.token = text.token.narrow(1, 0, n);
    if (text.mask.defined()) first.mask = text.mask.narrow(1, 0, n);
    add(table(n, first, n - 1));
  }
  if (length >= order()) add(table(order(), text, order() - 1));
  return sum;
}

NgramObjective::NgramObjective(NgramTables tables, std::vector<NgramTables> against, std::string words)
    : tables_(std::move(tables)), against_(std::move(against)), words_(std::move(words)) {}

bool NgramObjective::differentiable() const {
  return tables_.order() <= kMostRelaxed &&
         std::all_of(against_.begin(), against_.end(),
                     [](const NgramTables& each) { return each.order() <= kMostRelaxed; });
}

Tensor NgramObjective::score(const State& sample) const {
  Tensor score = tables_.log_likelihood(sample);
  for (const NgramTables& each : against_) score = score - each.log_likelihood(sample);
  return sample.token.is_floating_point() ? score : score.to(torch::kFloat32);
}

}  // namespace steer
