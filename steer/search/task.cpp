#include "steer/search/task.h"

#include <algorithm>
#include <chrono>

#include "steer/core/check.h"
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

}  // namespace

Task::Task(const TaskOptions& options, const ImageShape& shape, const Tensor& truth, torch::Device device)
    : count_(truth.defined() ? truth.size(0) : options.count),
      seed_(options.seed),
      device_(device),
      truth_(truth) {
  STEER_CHECK(count_ > 0 && options.batch > 0,
              "[task] expected at least one sample and batches of one but got ", count_, " and ",
              options.batch);
  ObjectiveContext context;
  context.channels = shape.channels;
  context.height = shape.height;
  context.width = shape.width;
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
    gather(degraded, objective.degraded(), some);
    gather(hidden, objective.hidden(), some);
    for (const LinearMeasurement& m : objective.measurements())
      if (m.height < shape.height && !m.colour.defined() && m.y.defined())
        gather(bicubic, at::upsample_bicubic2d(m.y, {shape.height, shape.width}, false).clamp(-1, 1), some);
  }
  asked_ = joined_rows(asked), degraded_ = joined_rows(degraded), hidden_ = joined_rows(hidden);
  // A sum may have several measurements, of which none is the picture.
  if (bicubic.size() == pieces_.size()) bicubic_ = joined_rows(bicubic);
}

Made Task::run(Model& model, const std::function<void(SampleRequest&, int64_t at, int64_t count)>& how,
               const std::function<void(double)>& progress) const {
  std::vector<Tensor> images, scores;
  Made made;
  for (const Piece& piece : pieces_) {
    SampleRequest request;
    request.seeds = sample_seeds(seed_ + static_cast<uint64_t>(piece.at), piece.count, device_);
    request.objective = piece.objective.get();
    if (how) how(request, piece.at, piece.count);
    request.progress = [&](double share) {
      if (progress)
        progress((static_cast<double>(piece.at) + share * static_cast<double>(piece.count)) /
                 static_cast<double>(count_));
    };
    const auto begin = std::chrono::steady_clock::now();
    const Samples samples = model.sample(request);
    made.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    made.evaluations = std::max(made.evaluations, samples.evaluations);
    const torch::NoGradGuard no_grad;
    scores.push_back(piece.objective->score(samples.images).cpu());
    images.push_back(samples.images.cpu());
  }
  made.images = at::cat(images), made.scores = at::cat(scores);
  return made;
}

}  // namespace steer
