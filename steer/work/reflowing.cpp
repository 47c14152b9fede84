#include "steer/work/reflowing.h"

#include <fmt/format.h>

#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/train/reflow.h"
#include "steer/train/run_file.h"
#include "steer/work/outputs.h"
#include "steer/work/training.h"

namespace steer {
namespace {

// The options of the run resumed, or gentle ones, with what is asked over them.
RunOptions reflow_options(const ReflowRequest& request) {
  RunOptions options;
  options.train.rate = 3e-4;
  options.data.path = "pairs of " + request.run;
  if (request.resume) {
    const std::string file = request.out + "/options.json";
    options = read_run_file(read_json_file(file), "", file, options).options;
  }
  Json sets = Json::object();
  for (const std::string& set : request.sets) apply_set(sets, set);
  read_options(options, sets, "options");
  if (request.minutes > 0 || request.images > 0) {
    options.train.minutes = request.minutes;
    options.train.images = request.images;
  }
  options.train.seed = options.train.loader.seed = request.seed;
  if (request.computing.precision != "auto") options.train.precision = request.computing.precision;
  check(options.train);
  return options;
}

// The pairs in the run's folder, drawn where there are none.
std::shared_ptr<const PairsDataset> pairs_of(const DiffusionModel& model, const ReflowRequest& request,
                                             const SamplerOptions& sampler, bool drawn_before,
                                             const WorkWatch& watch) {
  const std::string file = request.out + "/pairs.safetensors";
  if (drawn_before) return PairsDataset::read(file, model.space());
  const auto note = [&](double share) {
    return fmt::format("{:.0f} pairs", share * static_cast<double>(request.pairs));
  };
  std::shared_ptr<const PairsDataset> pairs = draw_pairs(
      model, sampler, request.pairs, request.batch, static_cast<uint64_t>(request.seed), [&](double share) {
        return tell(watch, {"draw pairs", share, note(share)});
      });
  STEER_CHECK(pairs, "[reflow] interrupted before there was anything to keep");
  std::filesystem::create_directories(request.out);
  pairs->write(file);
  return pairs;
}

}  // namespace

Reflowing run_reflow(const LoadedModel& loaded, const ReflowRequest& request, const WorkWatch& watch) {
  check_folder_output(request.out);
  const bool exists = std::filesystem::exists(request.out + "/resume.safetensors");
  STEER_CHECK(request.resume == exists, "[reflow] ", request.out,
              exists ? ": holds a run already; continue it with --resume or name another folder"
                     : ": expected a run to resume but there is none");
  const RunOptions options = reflow_options(request);
  DiffusionModel& model = as_diffusion(loaded, "reflow");
  STEER_CHECK(model.prediction() == Prediction::kVelocity, "[reflow] ", request.run,
              ": expected a flow, a model that predicts velocity, but it predicts ",
              name(model.prediction()));
  const auto plan = model.plan(nullptr, request.settings);
  Reflowing made;
  made.text = plan->text();
  made.sampler = plan->settings().at("sampler");
  SamplerOptions sampler;
  read_options(sampler, made.sampler, "sampler");
  made.drawn_before = std::filesystem::exists(request.out + "/pairs.safetensors");
  const auto pairs = pairs_of(model, request, sampler, made.drawn_before, watch);
  made.pairs = pairs->size();
  const auto trained = reflowed(model, pairs, request.distil);
  trained->set_class_names(model.class_names());
  const std::string title = "reflow " + request.out;
  made.summary = train(*trained, *pairs, options, request.out, request.resume, request.computing.device,
                       told_of_training(watch, title, "pairs"));
  tell(watch, {title, 1, fmt::format("{} pairs", made.summary.state.images)});
  return made;
}

Json reflowing_json(const Reflowing& made, const ReflowRequest& request) {
  Json json = {{"run", request.run},
               {"out", request.out},
               {"pairs", made.pairs},
               {"sampler", made.sampler},
               {"distil", request.distil}};
  json.update(summary_json(made.summary));
  return json;
}

}  // namespace steer
