#include "steer/work/interpolation.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/diffusion/noise.h"
#include "steer/models/diffusion_beginning.h"
#include "steer/picture/grid.h"
#include "steer/work/pictures.h"
#include "steer/work/samples.h"
#include "steer/work/telling.h"

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

// What there is to say of a way, and its picture; `ends` may be undefined.
void complete(Interpolation& way, const Space& space, const State& ends) {
  way.samples = within(space, way.samples.x.cpu().to(torch::kFloat32));
  const Tensor step = step_lengths(way.samples.x);
  way.longest_step = step.numel() > 0 ? step.max().item<double>() : 0;
  way.mean_step = step.numel() > 0 ? step.mean().item<double>() : 0;
  way.picture = ends.defined()
                    ? picture_of(space, concatenated({ends.narrow(0, 1), way.samples, ends.narrow(1, 1)}),
                                 way.samples.size() + 2)
                    : picture_of(space, way.samples, way.samples.size());
  way.figures = {{"longest_step", way.longest_step}, {"mean_step", way.mean_step}};
  if (way.code.defined()) way.figures["codes"] = lists_of(way.code);
}

Interpolation through_the_code(const LoadedModel& loaded, const InterpolationOptions& options,
                               const std::string& by) {
  const Codec& codec = as_codec_of_numbers(loaded, "interpolate");
  const State ends = read_samples(options.ends, codec.space(), options.fit);
  STEER_CHECK(options.label.empty(), "[interpolate] label: expected none for a way through a code");
  const Encoded made = by == "values" ? codec.encode(blended_values(ends, options.steps).to(options.device))
                                      : along_the_tree(codec, ends.to(options.device), options.steps);
  Interpolation way;
  way.samples = made.state, way.code = made.code.cpu();
  complete(way, codec.space(), ends);
  return way;
}

Interpolation through_the_noise(const DiffusionModel& model, const InterpolationOptions& options) {
  STEER_CHECK(is_deterministic(model.sampler().solver),
              "[interpolate] expected a model whose sampler draws no fresh noise but its own is ",
              model.sampler().solver.name);
  const torch::NoGradGuard no_grad;
  Telling telling;
  telling.label = options.label;
  State ends;
  Tensor noises;
  if (options.seeds.empty()) {
    ends = read_samples(options.ends, model.space(), options.fit);
    noises = latents_of(model, ends, model.condition(told_by(telling, model, 2), 2));
  } else {
    noises = starting_noise(at::tensor(options.seeds, torch::kInt64), model.space().sizes, 1);
  }
  std::vector<Tensor> on_the_way;
  for (int64_t i = 0; i < options.steps; ++i)
    on_the_way.push_back(
        between(noises[0], noises[1], static_cast<double>(i) / static_cast<double>(options.steps - 1)));
  DrawRequest request;
  request.seeds = sample_seeds(0, options.steps);
  request.told = told_by(telling, model, options.steps);
  request.begin.latent = at::stack(on_the_way);
  Interpolation way;
  way.samples = model.draw(request).state;
  complete(way, model.space(), ends);
  return way;
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

Tensor film_of(const Space& space, const State& samples) {
  constexpr int64_t kLeastSide = 128;
  std::vector<Tensor> frames;
  for (int64_t i = 0; i < samples.size(); ++i) {
    const Tensor alone = picture_alone(space, samples.narrow(i, 1));
    const int64_t side = std::max(alone.size(1), alone.size(2));
    frames.push_back(to_bytes(enlarged(alone, std::max<int64_t>(1, kLeastSide / side))));
  }
  return at::stack(frames);
}

Interpolation interpolate(const LoadedModel& loaded, const InterpolationOptions& options) {
  const auto* diffusion = dynamic_cast<const DiffusionModel*>(loaded.model.get());
  const std::string by = !options.by.empty() ? options.by : diffusion ? "noise" : "layers";
  STEER_CHECK(by == "layers" || by == "values" || by == "noise",
              "[interpolate] expected a way by layers, values or noise but got \"", by, "\"");
  STEER_CHECK((by == "noise") == (diffusion != nullptr), "[interpolate] ", loaded.path, ": expected a ",
              by == "noise" ? "diffusion for a way by noise" : "ddn for a way by " + by, " but got a ",
              loaded.model->family());
  STEER_CHECK(options.steps >= 2, "[interpolate] expected at least two steps but got ", options.steps);
  STEER_CHECK(options.seeds.empty() ? options.ends.size() == 2
                                    : options.ends.empty() && options.seeds.size() == 2 && diffusion,
              "[interpolate] expected two files or, for a diffusion, two seeds but got ", options.ends.size(),
              " files and ", options.seeds.size(), " seeds");
  Interpolation way =
      diffusion ? through_the_noise(*diffusion, options) : through_the_code(loaded, options, by);
  way.figures["by"] = by == "values" ? "pixels" : by;
  return way;
}

}  // namespace steer
