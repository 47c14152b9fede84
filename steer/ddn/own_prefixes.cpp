#include "steer/ddn/own_prefixes.h"

#include <limits>
#include <map>
#include <vector>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/ddn/chooser.h"

namespace steer {
namespace {

constexpr uint64_t kChosenStream = 5000000, kLengthStream = 5000001;

// Mean squared differences of images [N, C, h, w] and all rows of x: [N, B], float64 on the host. Rows with
// another label are farther than any other.
Tensor distances(const Tensor& images, const Tensor& x, const Tensor& label, const Tensor& asked) {
  constexpr double kFar = 1e6;
  const auto values = static_cast<double>(x[0].numel());
  Tensor distance = at::cdist(images.flatten(1), x.flatten(1)).to(torch::kFloat64).pow(2) / values;
  if (label.defined()) distance = distance + kFar * (asked.unsqueeze(1) != label.unsqueeze(0));
  return distance.cpu();
}

}  // namespace

// Row after row: each takes the shortest way of exchanges to a free column (Kuhn 1955; Munkres 1957).
Tensor assigned(const Tensor& cost) {
  const int64_t rows = cost.size(0), columns = cost.size(1);
  STEER_CHECK(rows <= columns, "[assigned] expected at most as many rows as columns but got ",
              shape_text(cost.sizes()));
  const Tensor host = cost.to(torch::kFloat64).cpu().contiguous();
  const double* c = host.data_ptr<double>();
  const double kNever = std::numeric_limits<double>::infinity();
  std::vector<double> u(rows + 1), v(columns + 1);
  std::vector<int64_t> owner(columns + 1), way(columns + 1);  // counted from 1; 0: nobody
  for (int64_t row = 1; row <= rows; ++row) {
    std::vector<double> least(columns + 1, kNever);
    std::vector<bool> seen(columns + 1);
    int64_t at = 0;
    for (owner[0] = row; owner[at] != 0;) {
      seen[at] = true;
      int64_t next = 0;
      double step = kNever;
      for (int64_t j = 1; j <= columns; ++j) {
        if (seen[j]) continue;
        const double reduced = c[(owner[at] - 1) * columns + j - 1] - u[owner[at]] - v[j];
        if (reduced < least[j]) least[j] = reduced, way[j] = at;
        if (least[j] < step) step = least[j], next = j;
      }
      for (int64_t j = 0; j <= columns; ++j) {
        if (seen[j])
          u[owner[j]] += step, v[j] -= step;
        else
          least[j] -= step;
      }
      at = next;
    }
    for (; at != 0; at = way[at]) owner[at] = owner[way[at]];
  }
  Tensor column = at::zeros({rows}, torch::kInt64);
  for (int64_t j = 1; j <= columns; ++j)
    if (owner[j] > 0) column[owner[j] - 1] = j - 1;
  return column;
}

OwnPrefixes own_prefixes(const Network& network, const Tensor& x, double chance, const Tensor& seeds,
                         const Condition& condition, const Tensor& label) {
  const torch::NoGradGuard no_grad;
  const int64_t rows = x.size(0), depth = network.depth();
  const Tensor drawn = uniform_rows(seeds, kChosenStream, {1}).squeeze(1) < chance;
  const double lengths = static_cast<double>(depth - 1);
  const Tensor u = uniform_rows(seeds, kLengthStream, {1}).squeeze(1);
  const Tensor length = 1 + (u * lengths).floor().to(torch::kInt64).clamp_max(depth - 2);
  OwnPrefixes own{at::where(drawn, length, at::zeros_like(length)), at::zeros({rows, depth}, seeds.options()),
                  at::arange(rows, seeds.options())};
  const Tensor some = drawn.nonzero().squeeze(1);
  if (some.size(0) == 0) return own;
  const Tensor held = own.held.index_select(0, some),
               asked = label.defined() ? label.index_select(0, some) : label;
  Tensor distance = at::zeros({some.size(0), rows}, torch::kFloat64);
  std::map<int64_t, Tensor> small;
  const Observer observer = [&](const LayerStep& step) {
    const Tensor ending = (held == step.layer + 1).nonzero().squeeze(1);
    if (ending.size(0) == 0) return;
    Tensor& sized = small[step.image.size(2)];
    if (!sized.defined())
      sized = area_resize(x, step.image.size(2), step.image.size(3)).to(step.image.device());
    const Tensor told = asked.defined() ? asked.index_select(0, ending) : asked;
    distance.index_copy_(0, ending.cpu(), distances(step.image.index_select(0, ending), sized, label, told));
  };
  const Generated made = network.run(some.size(0), at_random(seeds.index_select(0, some)), observer,
                                     condition.defined() ? condition.at(some) : condition);
  own.code.index_copy_(0, some, made.code);
  own.target.index_copy_(0, some, assigned(distance).to(some.device()));
  return own;
}

}  // namespace steer
