#include "steer/work/interpolation.h"

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

Tensor blended_codes(const Tensor& a, const Tensor& b, int64_t n) {
  const int64_t depth = a.size(0);
  std::vector<Tensor> codes;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t layers = (i * depth + (n - 1) / 2) / (n - 1);
    codes.push_back(at::cat({b.narrow(0, 0, layers), a.narrow(0, layers, depth - layers)}));
  }
  return at::stack(codes);
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
    const Tensor code = codec.encode(ends.to(options.device)).code;
    way.code = blended_codes(code[0], code[1], steps);
    way.samples = codec.decode(way.code);
  }
  way.code = way.code.cpu();
  way.samples = within(codec.space(), way.samples.x.cpu());
  const Tensor& x = way.samples.x;
  const Tensor step =
      (x.narrow(0, 1, steps - 1) - x.narrow(0, 0, steps - 1)).square().flatten(1).mean(1).sqrt();
  way.longest_step = step.max().item<double>();
  way.mean_step = step.mean().item<double>();
  way.picture =
      picture_of(codec.space(), concatenated({ends.narrow(0, 1), way.samples, ends.narrow(1, 1)}), steps + 2);
  way.figures = {
      {"longest_step", way.longest_step}, {"mean_step", way.mean_step}, {"codes", lists_of(way.code)}};
  return way;
}

}  // namespace steer
