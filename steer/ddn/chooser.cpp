#include "steer/ddn/chooser.h"

#include <map>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/ddn/node_bias.h"
#include "steer/ddn/rivals.h"

namespace steer {
namespace {

// Streams of random numbers, so that the draws below never share their numbers.
constexpr uint64_t kDrawStream = 1000;
constexpr uint64_t kDropStream = 2000000;
constexpr uint64_t kReplaceStream = 3000000;
constexpr uint64_t kPriorStream = 4000000;

Tensor uniform_index(const Tensor& seeds, uint64_t stream, int64_t count) {
  const Tensor u = uniform_rows(seeds, stream, {1}).squeeze(1);
  return (u * static_cast<double>(count)).floor().to(torch::kInt64).clamp_max(count - 1);
}

// Squared distances of the means over squares of 4x4 pixels: [B, K], zero for maps that have no such square.
Tensor coarse_distance(const Candidates& candidates, const Tensor& target) {
  const int64_t h = candidates.height() / 4, w = candidates.width() / 4;
  if (h == 0 || w == 0) return at::zeros({1}, target.options());
  const auto averaged = [h, w](const Tensor& maps) { return area_resize(maps, h, w); };
  return candidates.seen_through({}, averaged).distance_to(averaged(target));
}

}  // namespace

Chooser nearest_to(const Tensor& x, const Nearness& nearness) {
  // Targets of one size serve all layers of that size.
  auto targets = std::make_shared<std::map<std::pair<int64_t, int64_t>, Tensor>>();
  return [x, nearness, targets](const Candidates& candidates, int64_t layer) {
    STEER_CHECK(candidates.rows() == x.size(0), "[nearest_to] expected ", x.size(0), " rows but got ",
                candidates.rows());
    Tensor& target = (*targets)[{candidates.height(), candidates.width()}];
    if (!target.defined()) target = area_resize(x, candidates.height(), candidates.width());
    Tensor distance = candidates.distance_to(target);
    if (nearness.coarse > 0) distance = distance + 16 * nearness.coarse * coarse_distance(candidates, target);
    const Tensor nearest = nearness.bias.empty()
                               ? distance.argmin(1)
                               : biased_nearest(distance, nearness.bias.at(static_cast<size_t>(layer)));
    Choice choice{nearest, {}, nearest};
    if (candidates.count() >= 2 && candidates.count() <= nearness.most_rivals) {
      const Seconds seconds = seconds_of(distance, nearest);
      choice.second = seconds.second, choice.losses = seconds.losses;
    }
    return choice;
  };
}

Chooser follow(const Tensor& code) {
  STEER_CHECK(code.dim() == 2 && code.scalar_type() == torch::kInt64,
              "[follow] expected a code int64 [B, L] but got ", shape_text(code.sizes()));
  return [code](const Candidates& candidates, int64_t layer) {
    STEER_CHECK(layer < code.size(1), "[follow] expected a code of more than ", layer, " layers but got ",
                code.size(1));
    const Tensor index = code.select(1, layer);
    STEER_CHECK(index.min().item<int64_t>() >= 0 && index.max().item<int64_t>() < candidates.count(),
                "[follow] layer ", layer, ": expected indices from 0 to ", candidates.count() - 1,
                " but got ", index.min().item<int64_t>(), " to ", index.max().item<int64_t>());
    return Choice{index.to(candidates.device()), {}, {}};
  };
}

Chooser follow_some(const Tensor& code, const Tensor& held, const Chooser& then) {
  return [=, along = follow(code)](const Candidates& candidates, int64_t layer) {
    Choice choice = then(candidates, layer);
    STEER_CHECK(!choice.row.defined(), "[follow_some] expected rows that go on as they are");
    const Tensor holds = (held > layer).to(candidates.device());
    choice.index = at::where(holds, along(candidates, layer).index, choice.index);
    return choice;
  };
}

Chooser at_random(const Tensor& seeds) {
  return [seeds](const Candidates& candidates, int64_t layer) {
    const Tensor index = uniform_index(seeds, kDrawStream + static_cast<uint64_t>(layer), candidates.count());
    return Choice{index.to(candidates.device()), {}, {}};
  };
}

Chooser with_chain_dropout(const Chooser& chooser, double chance, const Tensor& seeds) {
  if (chance <= 0) return chooser;
  return [=](const Candidates& candidates, int64_t layer) {
    const uint64_t stream = static_cast<uint64_t>(layer);
    Choice choice = chooser(candidates, layer);
    const Tensor dropped = uniform_rows(seeds, kDropStream + stream, {1}).squeeze(1) < chance;
    const Tensor other = uniform_index(seeds, kReplaceStream + stream, candidates.count());
    choice.index = at::where(dropped.to(candidates.device()), other.to(candidates.device()), choice.index);
    return choice;
  };
}

Tensor index_drawn(const Tensor& logits, const Tensor& seeds, int64_t layer) {
  const Tensor u =
      fine_uniform_rows(seeds.cpu(), kPriorStream + static_cast<uint64_t>(layer), {1});  // [B, 1]
  const Tensor sums = logits.cpu().to(torch::kFloat64).softmax(1).cumsum(1);
  const Tensor index = (sums <= u * sums.narrow(1, sums.size(1) - 1, 1)).sum(1);
  return index.clamp_max(logits.size(1) - 1).to(logits.device());
}

Chooser within_levels(const Chooser& chooser, int64_t first, int64_t last, const Tensor& seeds,
                      const Scorer& prior) {
  STEER_CHECK(0 <= first && first <= last, "[within_levels] expected layers a to b, a <= b, but got ", first,
              " to ", last);
  return [=](const Candidates& candidates, int64_t layer) {
    if (layer >= first && layer <= last) return chooser(candidates, layer);
    const int64_t groups = seeds.size(0), each = candidates.rows() / groups;
    STEER_CHECK(each * groups == candidates.rows(), "[within_levels] expected a multiple of ", groups,
                " rows but got ", candidates.rows());
    // The first row of a group draws as its seed alone would.
    constexpr int64_t kApart = 0x51f0ad2b7c3d;
    const Tensor place = at::arange(each, seeds.options()).repeat({groups}) * kApart;
    const Tensor own = seeds.repeat_interleave(each) + place;
    if (prior) return Choice{index_drawn(prior(candidates), own, layer), {}, {}};
    return at_random(own)(candidates, layer);
  };
}

Chooser switch_at(int64_t layer, const Chooser& first, const Chooser& then) {
  return [=](const Candidates& candidates, int64_t at) {
    return at < layer ? first(candidates, at) : then(candidates, at);
  };
}

}  // namespace steer
