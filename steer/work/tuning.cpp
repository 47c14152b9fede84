#include "steer/work/tuning.h"

#include <fmt/format.h>

#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/metrics/diversity.h"
#include "steer/modalities/objectives.h"
#include "steer/work/batches.h"
#include "steer/work/drawing.h"
#include "steer/work/outputs.h"
#include "steer/work/pictures.h"

namespace steer {
namespace {

constexpr int64_t kMeasuredSeed = 1000000;  // of the samples measured, far from those that are trained on
constexpr int64_t kMostTunedShown = 48, kTunedColumns = 12;

TunedSamples measured_samples(const Generator& generator, const Objective& objective,
                              const TuningRequest& request, torch::Device device) {
  torch::NoGradGuard no_grad;
  DrawOptions options;
  options.count = request.count, options.batch = request.batch;
  options.seeds = {kMeasuredSeed};
  TunedSamples measured;
  measured.samples = draw(generator, options).state;
  std::vector<Tensor> scores;
  in_batches("tune", request.count, request.batch, {}, [&](int64_t at, int64_t rows) {
    scores.push_back(objective.score(measured.samples.narrow(at, rows).to(device)).cpu());
  });
  measured.score = at::cat(scores).mean().item<double>();
  measured.diversity = pixel_diversity(measured.samples.x);
  if (!request.judge.empty())
    measured.verdict = judged(request.judge, measured.samples, asked_of(objective, request.count), device);
  return measured;
}

Json tuned_json(const TunedSamples& samples) {
  Json json = {{"score", samples.score}, {"diversity", samples.diversity}};
  if (samples.verdict) json["judge"] = samples.verdict->figures;
  return json;
}

// A new folder, or what a tuning left that ended before it had written its model.
void check_tuned_folder(const std::string& out) {
  check_folder_output(out);
  if (!std::filesystem::exists(out)) return;
  for (const auto& entry : std::filesystem::directory_iterator(out)) {
    const std::string name = entry.path().filename().string();
    const bool left = entry.path().stem() == "before_after" || file_ending(name) == ".steer-part";
    STEER_CHECK(left, "[tune] ", out, ": expected a new folder but there is ", name, " in it");
  }
}

}  // namespace

Tuning run_tuning(LoadedModel loaded, const std::string& run, const TuningRequest& request,
                  const WorkWatch& watch) {
  check(request.options);
  check_folder_output(request.out);
  check_tuned_folder(request.out);
  STEER_CHECK(request.count >= 2 && request.batch >= 1,
              "[tune] expected at least two samples to measure, in batches of at least one, but got ",
              request.count, " and ", request.batch);
  const LoadedDdn ddn = as_ddn(std::move(loaded), "tune");
  DdnModel& model = *ddn.model;
  const torch::Device device = model.device();
  ObjectiveContext context;
  context.space = model.space();
  context.seed = request.options.seed;
  context.device = device;
  context.fit = request.fit;
  const auto objective = make_objective(request.objective, context);
  STEER_CHECK(objective->targets() == 1, "[tune] ", objective->words(),
              ": expected an objective of one target but it has ", objective->targets());

  Tuning tuning;
  tuning.objective = objective->words();
  tuning.before = measured_samples(model, *objective, request, device);
  const std::string title = "tune " + request.out;
  const TuneWatch each = [&](double share, const TuneState& state) {
    const bool goes_on =
        share >= 1 || tell(watch, {title, share,
                                   fmt::format("step {}  score {:.3g}  anchor {:.3g}  keep {:.3g}",
                                               state.steps, state.score, state.anchor, state.keep)});
    tuning.interrupted = !goes_on;
    return goes_on;
  };
  tuning.state = tune(model, *objective, request.options, each);
  tell(watch, {title, 1, fmt::format("{} steps", tuning.state.steps)});
  tuning.after = measured_samples(model, *objective, request, device);

  tuning.picture = request.out + "/before_after.png";
  const int64_t shown = std::min(request.count, kMostTunedShown);
  write_picture(tuning.picture,
                picture_of(model.space(),
                           {tuning.before.samples.narrow(0, shown), tuning.after.samples.narrow(0, shown)},
                           kTunedColumns),
                tuning_json(tuning, run, request));
  // Last: a folder with a model is a whole one.
  save_model(request.out + "/model.safetensors", model, ddn.state, nullptr);
  return tuning;
}

Json tuning_json(const Tuning& tuning, const std::string& run, const TuningRequest& request) {
  return {{"run", run},
          {"out", request.out},
          {"objective", tuning.objective},
          {"steps", tuning.state.steps},
          {"samples", request.count},
          {"before", tuned_json(tuning.before)},
          {"after", tuned_json(tuning.after)},
          {"interrupted", tuning.interrupted}};
}

}  // namespace steer
