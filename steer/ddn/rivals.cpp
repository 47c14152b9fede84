#include "steer/ddn/rivals.h"

#include <cmath>
#include <limits>
#include <numeric>

#include "steer/ddn/rival_loops.h"

namespace steer {
namespace {

// Beyond this an image's unit becomes 1 again, so that sums keep their digits.
constexpr double kLargestUnit = 1e6;

// Each row of a table over its sum; a row of zeros stays so.
Tensor proportions(const Tensor& table) {
  const Tensor sums = table.sum(1, true);
  return at::where(sums > 0, table / sums, at::zeros_like(table));
}

// The table without the node that `other` [K] has at 0 and the rest at 1, whose images, `given` of them, go
// to the nodes by `share` [K].
Tensor given_away(const Tensor& near2, const Tensor& other, const Tensor& share, const Tensor& given) {
  const Tensor grown = near2 + given * share.unsqueeze(1) * proportions(near2);
  const Tensor once = (grown * (1 - other)).sum(1, true);
  return (grown + once * share) * other * other.unsqueeze(1);
}

}  // namespace

Seconds seconds_of(const Tensor& distance, const Tensor& nearest) {
  const int64_t rows = distance.size(0), nodes = distance.size(1);
  if (!distance.is_cpu() || distance.scalar_type() != torch::kFloat32) {
    const double far = std::numeric_limits<double>::infinity();
    return {distance.scatter(1, nearest.unsqueeze(1), far).argmin(1),
            distance.sum(0, false, torch::kFloat64)};
  }
  const Tensor all = distance.contiguous(), first = nearest.contiguous();
  Seconds seconds = {at::empty({rows}, first.options()),
                     at::zeros({nodes}, all.options().dtype(torch::kFloat64))};
  second_of_rows(all.data_ptr<float>(), first.data_ptr<int64_t>(), rows, nodes,
                 seconds.second.data_ptr<int64_t>(), seconds.losses.data_ptr<double>());
  return seconds;
}

Rivals even_rivals(const Tensor& counts) {
  const int64_t nodes = counts.size(0);
  const Tensor others = 1 - at::eye(nodes, counts.options());
  return {counts.unsqueeze(1) * others / static_cast<double>(nodes - 1), at::zeros_like(counts),
          at::ones({}, counts.options())};
}

Tensor pairs_of(const Tensor& nearest, const Tensor& second, int64_t nodes) {
  const at::TensorOptions real = nearest.options().dtype(torch::kFloat64);
  return at::zeros({nodes * nodes}, real)
      .index_add_(0, nearest * nodes + second, at::ones({nearest.size(0)}, real))
      .view({nodes, nodes});
}

void record(Rivals& rivals, const Tensor& times, const Tensor& losses, const Tensor& pairs,
            const Tensor& nearest, const Tensor& second, double half_life_images) {
  torch::NoGradGuard no_grad;
  const int64_t nodes = times.size(0);
  if (!times.is_cpu()) {
    if (half_life_images > 0) {
      const Tensor kept = at::exp2(times.sum() / -half_life_images);
      rivals.near2 *= kept, rivals.losses *= kept;
    }
    rivals.near2 += rivals.unit * (pairs.defined() ? pairs : pairs_of(nearest, second, nodes));
    rivals.losses += rivals.unit * losses;
    return;
  }
  double& unit = *rivals.unit.data_ptr<double>();
  // The whole table is not touched for a batch of a few images.
  const double* const each = times.data_ptr<double>();
  const double images = std::accumulate(each, each + nodes, 0.0);
  if (half_life_images > 0) unit *= std::exp2(images / half_life_images);
  if (unit > kLargestUnit) {
    rivals.near2 /= unit, rivals.losses /= unit;
    unit = 1;
  }
  rivals.losses.add_(losses, unit);
  if (pairs.defined()) {
    rivals.near2.add_(pairs, unit);
    return;
  }
  double* const table = rivals.near2.data_ptr<double>();
  const Tensor rows = nearest.contiguous(), columns = second.contiguous();
  const int64_t *const row = rows.data_ptr<int64_t>(), *const column = columns.data_ptr<int64_t>();
  for (int64_t i = 0; i < rows.numel(); ++i) table[row[i] * nodes + column[i]] += unit;
}

int64_t pruned_node(const std::vector<double>& counts, int64_t idlest, const Rivals& rivals) {
  if (counts[static_cast<size_t>(idlest)] != 0) return idlest;
  const Tensor host = rivals.losses.cpu();
  const double* const losses = host.data_ptr<double>();
  int64_t worst = idlest;
  for (size_t k = 0; k < counts.size(); ++k)
    if (counts[k] == 0 && losses[k] > losses[worst]) worst = static_cast<int64_t>(k);
  return worst;
}

void hand_over(Rivals& rivals, std::vector<double>& counts, const Split& split) {
  const double images = std::accumulate(counts.begin(), counts.end(), 0.0);
  hand_over_rows(rivals.near2.data_ptr<double>(), counts.data(), static_cast<int64_t>(counts.size()),
                 split.split, split.prune, images * *rivals.unit.data_ptr<double>());
  double* const losses = rivals.losses.data_ptr<double>();
  losses[split.prune] = losses[split.split];
}

Tensor hand_over_there(Rivals& rivals, const Tensor& counts, const Tensor& split, const Tensor& prune,
                       const Tensor& fires) {
  const int64_t nodes = counts.size(0);
  const at::TensorOptions real = counts.options();
  const Tensor one = at::ones({1}, real), zero = at::zeros({nodes}, real);
  const Tensor of_split = zero.index_copy(0, split, one), of_prune = zero.index_copy(0, prune, one);
  const Tensor other = 1 - of_prune;
  const Tensor near2 = nodes == 2 ? (1 - at::eye(2, real)) * (counts.sum() * rivals.unit / 2) : rivals.near2;
  // Without the pruned node.
  const Tensor row = near2.index_select(0, prune).squeeze(0), given = row.sum();
  const Tensor rest = row * other, sum = rest.sum();
  const Tensor share = at::where(sum > 0, rest / sum, other / static_cast<double>(nodes - 1));
  const Tensor places = (near2 * of_prune).sum(1, true), without = near2 * other;
  const Tensor left =
      at::where(given > 0, given_away(near2, other, share, given), without + places * proportions(without));
  const Tensor after = at::where(given > 0, (counts + counts.index_select(0, prune) * share) * other, counts);
  // Two in place of one.
  const Tensor both = of_split + of_prune, neither = 1 - both;
  const Tensor own = (left * of_split.unsqueeze(1)).sum();
  const Tensor halved = (left * of_split).sum(1, true) / 2 * both;
  const Tensor pair = of_split.unsqueeze(1) * of_prune;
  const Tensor shared = (left * neither + halved) * neither.unsqueeze(1) + (pair + pair.t()) * (own / 2);
  rivals.near2.copy_(at::where(fires, shared, rivals.near2));
  const Tensor loss = rivals.losses * other + rivals.losses.index_select(0, split) * of_prune;
  rivals.losses.copy_(at::where(fires, loss, rivals.losses));
  const Tensor split_counts = after * neither + after.index_select(0, split) / 2 * both;
  return at::where(fires, split_counts, counts);
}

}  // namespace steer
