#include "steer/ddn/split_prune.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "steer/core/check.h"
#include "steer/core/random.h"

namespace steer {
namespace {

// What a clone copies beside counts and age, a row for each node: weights and their companions, Adam's
// moments, the average.
std::vector<Tensor> cloned_together(const Layer& layer, const Adam* adam, const Ema* ema) {
  const int64_t nodes = layer->options.candidates;
  std::vector<Tensor> parameters = {layer->multi_out_conv1x1->weight}, together;
  parameters.insert(parameters.end(), layer->companions.begin(), layer->companions.end());
  const auto add = [&](const Tensor& tensor) { together.push_back(tensor.detach().view({nodes, -1})); };
  for (const Tensor& parameter : parameters) {
    add(parameter);
    if (adam)
      for (const Tensor& moment : adam->moments(parameter)) add(moment);
    if (ema && !ema->shadow(parameter).is_same(parameter)) add(ema->shadow(parameter));
  }
  return together;
}

// Noise on the weights of the node `node` (int64 [1]), the same on their average, times `share` [1] of what
// the layer asks for; a function of `seed`.
void stir(const Layer& layer, const Ema* ema, const Tensor& node, const Tensor& share, uint64_t seed) {
  constexpr uint64_t kStir = 0x571A;
  if (layer->options.stir <= 0) return;
  const Tensor& parameter = layer->multi_out_conv1x1->weight;
  const auto rows = [&](const Tensor& tensor) {
    return tensor.detach().view({layer->options.candidates, -1});
  };
  Tensor weight = rows(parameter);
  const Tensor noise =
      normal_rows(sample_seeds(derive_seed(kStir, seed), 1), 1, {weight.size(1)}).to(weight.options());
  const Tensor deviation = weight.index_select(0, node).std();
  const Tensor added = noise * (layer->options.stir * deviation * share.to(weight.options()));
  weight.index_add_(0, node, added);
  if (ema && !ema->shadow(parameter).is_same(parameter))
    rows(ema->shadow(parameter)).index_add_(0, node, added);
}

}  // namespace

void check(const SplitOptions& options) {
  STEER_CHECK(options.rule == "exact" || options.rule == "paper",
              "[options] split.rule: expected exact or paper but got \"", options.rule, "\"");
  STEER_CHECK(options.half_life_images >= 0, "[options] split.half_life_images: expected at least 0 but got ",
              options.half_life_images);
  STEER_CHECK(options.every_steps >= 1, "[options] split.every_steps: expected at least 1 but got ",
              options.every_steps);
  STEER_CHECK(options.most >= 1, "[options] split.most: expected at least 1 but got ", options.most);
  STEER_CHECK(options.near2 == "auto" || options.near2 == "on" || options.near2 == "off",
              "[options] split.near2: expected auto, on or off but got \"", options.near2, "\"");
}

int64_t most_rivals(const SplitOptions& options) {
  constexpr int64_t kUsual = 256;
  return options.near2 == "auto" ? kUsual : options.near2 == "on" ? std::numeric_limits<int64_t>::max() : 0;
}

Tensor times_nearest(const Tensor& nearest, int64_t nodes) {
  const at::TensorOptions real = nearest.options().dtype(torch::kFloat64);
  const Tensor times = at::zeros({nodes}, real);
  if (!times.is_cpu()) return times.index_add_(0, nearest, at::ones({nearest.size(0)}, real));
  // A dozen tensor operations would cost a small layer a tenth of its time.
  const Tensor index = nearest.contiguous();
  for (int64_t i = 0; i < index.numel(); ++i) times.data_ptr<double>()[index.data_ptr<int64_t>()[i]] += 1;
  return times;
}

void record(Layer& layer, const Tensor& times, double half_life_images) {
  torch::NoGradGuard no_grad;
  if (!times.is_cpu()) {
    const Tensor images = times.sum();
    if (half_life_images > 0) layer->counts *= at::exp2(images / -half_life_images);
    layer->counts += times;
    layer->idle.add_(images.to(torch::kInt64)).masked_fill_(times > 0, 0);
    return;
  }
  const double* const added = times.data_ptr<double>();
  const double images = std::accumulate(added, added + times.numel(), 0.0);
  const double kept = half_life_images > 0 ? std::exp2(-images / half_life_images) : 1;
  double* const counts = layer->counts.data_ptr<double>();
  int64_t* const idle = layer->idle.data_ptr<int64_t>();
  for (int64_t k = 0; k < times.numel(); ++k) {
    counts[k] = counts[k] * kept + added[k];
    idle[k] = added[k] > 0 ? 0 : idle[k] + static_cast<int64_t>(images);
  }
}

std::vector<Split> split_and_prune(Layer& layer, const SplitOptions& options, const Adam* adam,
                                   const Ema* ema, Rivals* rivals) {
  torch::NoGradGuard no_grad;
  const Tensor host = layer->counts.cpu();
  std::vector<double> counts(host.data_ptr<double>(), host.data_ptr<double>() + host.numel());
  std::vector<Split> splits;
  while (static_cast<int64_t>(splits.size()) < options.most) {
    auto wanted = wanted_split(counts, options.rule);
    if (!wanted) break;
    if (rivals) {
      wanted->prune = pruned_node(counts, wanted->prune, *rivals);
      hand_over(*rivals, counts, *wanted);
    } else {
      counts[wanted->split] /= 2;
      counts[wanted->prune] = counts[wanted->split];
    }
    splits.push_back(*wanted);
  }
  if (splits.empty()) return splits;

  const std::vector<Tensor> together = cloned_together(layer, adam, ema);
  for (const Split& each : splits) {
    for (const Tensor& tensor : together) tensor[each.prune].copy_(tensor[each.split]);
    stir(layer, ema, at::full({1}, each.prune, layer->idle.options()), at::ones({1}, layer->counts.options()),
         static_cast<uint64_t>(each.prune));
    layer->idle[each.prune].copy_(layer->idle[each.split]);
  }
  layer->counts.copy_(torch::tensor(counts, torch::kFloat64));
  return splits;
}

Tensor split_and_prune_there(Layer& layer, const SplitOptions& options, const Adam* adam, const Ema* ema,
                             Rivals* rivals) {
  torch::NoGradGuard no_grad;
  const int64_t nodes = layer->options.candidates;
  Tensor& counts = layer->counts;
  Tensor splits = at::zeros({}, counts.options());
  if (options.rule == "none" || nodes < 2) return splits;
  std::vector<Tensor> rows = {layer->idle};  // one row for each node
  if (!rivals) rows.push_back(counts);
  for (const Tensor& tensor : cloned_together(layer, adam, ema)) rows.push_back(tensor);
  const double even = 1.0 / static_cast<double>(nodes);
  for (int64_t i = 0; i < options.most; ++i) {
    const Tensor split = counts.argmax().unsqueeze(0);
    Tensor prune = counts.argmin().unsqueeze(0);
    const Tensor most = counts.index_select(0, split), least = counts.index_select(0, prune);
    const Tensor total = counts.sum(), high = most / total, low = least / total;
    const Tensor uneven = options.rule == "paper" ? high > 2 * even : high - low > even;
    const Tensor fires = (total > 0).logical_and(uneven.logical_or(low < even / 2));
    if (rivals) {
      // Of the nodes that were never nearest the one of the largest losses.
      const Tensor never = at::where(counts == 0, rivals->losses, at::full_like(counts, -1));
      prune = at::where(least == 0, never.argmax().unsqueeze(0), prune);
      counts.copy_(hand_over_there(*rivals, counts, split, prune, fires));
    } else {
      counts.index_copy_(0, split, at::where(fires, most / 2, most));
    }
    for (Tensor& tensor : rows) {
      const Tensor kept = tensor.index_select(0, prune), cloned = tensor.index_select(0, split);
      tensor.index_copy_(0, prune, at::where(tensor.dim() == 2 ? fires.unsqueeze(1) : fires, cloned, kept));
    }
    stir(layer, ema, prune, fires.to(torch::kFloat64), static_cast<uint64_t>(i));
    splits += fires.to(torch::kFloat64).squeeze(0);
  }
  return splits;
}

}  // namespace steer
