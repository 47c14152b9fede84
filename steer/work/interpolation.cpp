#include "steer/work/interpolation.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/work/pictures.h"
#include "steer/work/samples.h"

namespace steer {
namespace {

// Numbers from those of sample 0 to those of sample 1, evenly.
State blended_values(const State& ends, int64_t n) {
  std::vector<int64_t> shape(static_cast<size_t>(ends.x.dim()), 1);
  shape[0] = n;
  const Tensor share = at::linspace(0, 1, n).view(shape);
  return ends.x.narrow(0, 0, 1) * (1 - share) + ends.x.narrow(0, 1, 1) * share;
}

// Root mean squares of what changes from sample to sample: float64 [N - 1].
Tensor step_lengths(const Tensor& x) {
  const Tensor change = x.slice(0, 1) - x.slice(0, 0, -1);
  return change.to(torch::kFloat64).square().flatten(1).mean(1).sqrt();
}

// From the first end's code to the second's along the tree.
Encoded along_the_tree(const Codec& codec, const State& ends, int64_t steps) {
  const Tensor code = codec.encode(ends).code;
  const int64_t depth = code.size(1);
  const Tensor held = depth - at::arange(depth + 1);
  const State goals = ends.narrow(1, 1).rows(at::zeros({depth + 1}, held.options()));
  const Encoded all =
      codec.continued(code.narrow(0, 0, 1).expand({depth + 1, depth}).contiguous(), held, goals);
  const Tensor kept = at::tensor(even_places(step_lengths(all.state.x.cpu()), steps), torch::kInt64);
  return {all.state.rows(kept), all.code.index_select(0, kept), {}};
}

std::vector<std::vector<int64_t>> lists_of(const Tensor& code) {
  std::vector<std::vector<int64_t>> lists;
  const Tensor rows = code.contiguous();
  for (int64_t i = 0; i < rows.size(0); ++i) {
    const int64_t* row = rows.data_ptr<int64_t>() + i * rows.size(1);
    lists.emplace_back(row, row + rows.size(1));
  }
  return lists;
}

}  // namespace

std::vector<int64_t> even_places(const Tensor& lengths, int64_t n) {
  const Tensor way = at::cat({at::zeros({1}, lengths.options()), lengths.cumsum(0)}).contiguous();
  const auto* at = way.data_ptr<double>();
  const int64_t last = way.size(0) - 1;
  std::vector<int64_t> places = {0};
  for (int64_t i = 1; i < n; ++i) {
    const double wanted = at[last] * static_cast<double>(i) / static_cast<double>(n - 1);
    int64_t best = places.back();
    for (int64_t k = best + 1; k <= last; ++k)
      if (at[k] > at[places.back()] && std::abs(at[k] - wanted) < std::abs(at[best] - wanted)) best = k;
    if (i + 1 == n && at[last] > at[places.back()]) best = last;
    if (best != places.back()) places.push_back(best);
  }
  return places;
}

Interpolation interpolate(const LoadedModel& loaded, const InterpolationOptions& options) {
  const Codec& codec = as_codec(loaded, "interpolate");
  const int64_t steps = options.steps;
  STEER_CHECK(options.ends.size() == 2 && steps >= 2,
              "[interpolate] expected two ends and at least two steps but got ", options.ends.size(), " and ",
              steps);
  STEER_CHECK(options.by == "layers" || options.by == "values",
              "[interpolate] expected a way by layers or values but got \"", options.by, "\"");
  const State ends = read_samples(options.ends, codec.space(), options.fit);
  Interpolation way;
  if (options.by == "values") {
    const Encoded made = codec.encode(blended_values(ends, steps).to(options.device));
    way.samples = made.state, way.code = made.code;
  } else {
    const Encoded made = along_the_tree(codec, ends.to(options.device), steps);
    way.samples = made.state, way.code = made.code;
  }
  way.code = way.code.cpu();
  way.samples = within(codec.space(), way.samples.x.cpu());
  const Tensor step = step_lengths(way.samples.x);
  way.longest_step = step.numel() > 0 ? step.max().item<double>() : 0;
  way.mean_step = step.numel() > 0 ? step.mean().item<double>() : 0;
  way.picture = picture_of(codec.space(), concatenated({ends.narrow(0, 1), way.samples, ends.narrow(1, 1)}),
                           way.samples.size() + 2);
  way.figures = {
      {"longest_step", way.longest_step}, {"mean_step", way.mean_step}, {"codes", lists_of(way.code)}};
  return way;
}

}  // namespace steer
