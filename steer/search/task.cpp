#include "steer/search/task.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/clock.h"
#include "steer/core/random.h"
#include "steer/modalities/objectives.h"

namespace steer {
namespace {

// One row for each sample out of one for each target, on the processor.
void gather(std::vector<Tensor>& all, const Tensor& of_targets, int64_t samples) {
  if (!of_targets.defined()) return;
  Tensor rows = per_sample(of_targets, samples, "task");
  std::vector<int64_t> sizes = rows.sizes().vec();
  sizes[0] = samples;
  all.push_back(rows.expand(sizes).cpu());
}

Tensor joined_rows(const std::vector<Tensor>& all) {
  return all.empty() ? Tensor() : at::cat(all);
}

// A smaller measurement of whole images enlarged bicubically; undefined for any other.
Tensor enlarged_measurement(const Measurement& m, const Space& space) {
  if (m.map.places.size() != 2 || m.map.mix.defined() || m.map.places[0] >= space.sizes[1]) return {};
  return within(space, at::upsample_bicubic2d(m.y, {space.sizes[1], space.sizes[2]}, false));
}

}  // namespace

Task::Task(const TaskOptions& options, const Space& space, const Tensor& truth, torch::Device device)
    : count_(truth.defined() ? truth.size(0) : options.count),
      seed_(options.seed),
      device_(device),
      truth_(truth) {
  STEER_CHECK(count_ > 0 && options.batch > 0,
              "[task] expected at least one sample and batches of one but got ", count_, " and ",
              options.batch);
  ObjectiveContext context;
  context.space = space;
  context.device = device;
  context.fit = options.fit;
  std::vector<Tensor> asked, degraded, hidden, bicubic;
  for (int64_t at = 0; at < count_; at += options.batch) {
    const int64_t some = std::min(options.batch, count_ - at);
    context.first_sample = at;
    context.samples = some;
    context.seed = options.seed + static_cast<uint64_t>(at);
    if (truth.defined()) context.truth = truth.narrow(0, at, some).to(device);
    pieces_.push_back({at, some, make_objective(options.objective, context)});
    const Objective& objective = *pieces_.back().objective;
    words_ = objective.words();
    gather(asked, objective.asked(), some);
    asked_names_ = objective.asked_names();
    gather(degraded, objective.degraded(), some);
    gather(hidden, objective.hidden(), some);
    for (const Measurement& m : objective.linear())
      if (const Tensor enlarged = enlarged_measurement(m, space); enlarged.defined())
        gather(bicubic, enlarged, some);
  }
  asked_ = joined_rows(asked), degraded_ = joined_rows(degraded), hidden_ = joined_rows(hidden);
  // A sum may have several measurements, of which none is the picture.
  if (bicubic.size() == pieces_.size()) bicubic_ = joined_rows(bicubic);
}

Made Task::run(const Generator& generator, const Json& settings, const Told& told, bool guided,
               const std::function<bool(double)>& progress) const {
  std::vector<State> states;
  std::vector<Tensor> scores;
  Made made;
  for (const Piece& piece : pieces_) {
    DrawRequest request;
    request.seeds = sample_seeds(seed_ + static_cast<uint64_t>(piece.at), piece.count, device_);
    request.told = told.narrow(piece.at, piece.count);
    const Watch watch = [&](const Glimpse& glimpse) {
      return !progress ||
             progress((static_cast<double>(piece.at) + glimpse.share() * static_cast<double>(piece.count)) /
                      static_cast<double>(count_));
    };
    const auto plan = generator.plan(guided ? piece.objective.get() : nullptr, settings);
    if (piece.at == 0) made.settings = plan->settings(), made.text = plan->text();
    const double begin = now_seconds();
    const Samples samples = plan->draw(request, watch);
    made.seconds += now_seconds() - begin;
    made.evaluations = std::max(made.evaluations, samples.evaluations);
    made.stopped = samples.stopped;
    if (made.stopped) return made;
    const torch::NoGradGuard no_grad;
    scores.push_back(piece.objective->score(samples.state).cpu());
    states.push_back(samples.state.to(torch::kCPU));
  }
  made.state = concatenated(states), made.scores = at::cat(scores);
  return made;
}

Beside Task::beside(const Generator& generator, const Made& made, const Told& told) const {
  const Piece& first = pieces_.front();
  DrawRequest request;
  request.seeds = sample_seeds(seed_, first.count, device_);
  request.told = told.narrow(0, first.count);
  return steer::beside(generator, {*first.objective, made.settings, request,
                                   made.state.narrow(0, first.count), made.scores.narrow(0, 0, first.count)});
}

}  // namespace steer
