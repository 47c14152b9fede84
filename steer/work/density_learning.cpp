#include "steer/work/density_learning.h"

#include <fmt/format.h>

#include <cmath>

#include "steer/core/clock.h"
#include "steer/core/random.h"
#include "steer/work/density_film.h"

namespace steer {
namespace {

enum DensityStream : uint64_t { kNodes, kTargets, kReal };  // labels of the seeds of what is drawn at random

// Goes on from target `done` to about target `until` of `total`, over the same targets again and again. The
// step falls evenly from the first to the last.
void train_until(DensityNodes& nodes, const Tensor& targets, const DensityRequest& request, int64_t done,
                 int64_t until, int64_t total) {
  constexpr int64_t kAtOnce = 1000;  // about as many targets between two changes of the step
  const int64_t batch = request.options.batch, piece = (kAtOnce + batch - 1) / batch * batch;
  while (done < until) {
    const int64_t at = done % targets.size(0);
    const int64_t some = std::min(piece, targets.size(0) - at);
    const double share = static_cast<double>(done) / static_cast<double>(total);
    nodes.set_step(request.options.step + (request.last_step - request.options.step) * share);
    nodes.train(targets.narrow(0, at, some));
    done += some;
  }
}

// Points that learned, and how.
struct TrainedNodes {
  Tensor points;
  double seconds = 0;
  int64_t splits = 0;
  std::vector<Tensor> frames;
  bool interrupted = false;
};

TrainedNodes trained_nodes(const DensityRequest& request, const DensityOptions& options,
                           const Density& density, const Tensor& targets, int64_t frames,
                           const WorkWatch& watch) {
  DensityRequest asked = request;
  asked.options = options;
  const int64_t total = request.samples * request.passes;
  const std::string title = "density " + request.density + (options.rule == "none" ? ", gradient only" : "");
  DensityNodes nodes(options, derive_seed(request.seed, kNodes));
  TrainedNodes made;
  if (frames > 1) made.frames.push_back(density_frame(nodes.points(), density));
  const int64_t parts = frames > 1 ? frames - 1 : 20;
  int64_t done = 0;
  tell(watch, {title, 0, {}});
  for (int64_t part = 1; part <= parts && !made.interrupted; ++part) {
    // Parts grow, because most happens early.
    const double share = std::pow(static_cast<double>(part) / static_cast<double>(parts), 1.5);
    const int64_t until = part == parts ? total : static_cast<int64_t>(share * static_cast<double>(total));
    const double begin = now_seconds();
    train_until(nodes, targets, asked, done, until, total);
    made.seconds += now_seconds() - begin;
    done = until;
    const bool goes_on = tell(watch, {title, share, fmt::format("{} samples", done)});
    made.interrupted = !goes_on && part < parts;
    if (frames > 1 || (frames == 1 && part == parts))
      made.frames.push_back(density_frame(nodes.points(), density));
  }
  made.points = nodes.points();
  made.splits = nodes.splits();
  return made;
}

Json divergences_json(const Divergences& d) {
  return {{"kl", d.kl}, {"js", d.js}, {"tv", d.tv}, {"hellinger", d.hellinger}};
}

}  // namespace

DensityLearning learn_density(const DensityRequest& request, const WorkWatch& watch) {
  check(request.options);
  const Density density = make_density(request.density, request.bins);
  const Tensor targets = sample_points(density, request.samples, derive_seed(request.seed, kTargets));
  const auto from_density = [&](const Tensor& points) {
    return divergences(cell_shares(points, request.bins), density.map);
  };
  const TrainedNodes nodes = trained_nodes(request, request.options, density, targets, request.frames, watch);
  DensityLearning made;
  made.points = nodes.points, made.seconds = nodes.seconds, made.splits = nodes.splits;
  made.interrupted = nodes.interrupted;
  made.trained = from_density(nodes.points);
  if (request.compare && !made.interrupted) {
    DensityOptions options = request.options;
    options.rule = "none";
    const TrainedNodes plain = trained_nodes(request, options, density, targets, 0, watch);
    made.interrupted = plain.interrupted;
    if (!plain.interrupted) made.gradient_only = from_density(plain.points);
  }
  made.real = from_density(sample_points(density, request.options.nodes, derive_seed(request.seed, kReal)));
  if (!nodes.frames.empty()) made.film = at::stack(nodes.frames);
  return made;
}

Json density_json(const DensityLearning& made, const DensityRequest& request) {
  Json json = {{"density", request.density},
               {"nodes", request.options.nodes},
               {"samples", request.samples},
               {"passes", request.passes},
               {"batch", request.options.batch},
               {"bins", request.bins},
               {"rule", request.options.rule},
               {"seed", request.seed},
               {"seconds", made.seconds},
               {"splits", made.splits},
               {"trained", divergences_json(made.trained)}};
  if (made.gradient_only) json["gradient_only"] = divergences_json(*made.gradient_only);
  json["real"] = divergences_json(made.real);
  json["interrupted"] = made.interrupted;
  return json;
}

}  // namespace steer
