#include "steer/work/training.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/machine.h"
#include "steer/core/options.h"
#include "steer/core/shipped.h"
#include "steer/modalities/modalities.h"
#include "steer/models/models.h"

namespace steer {
namespace {

// The model that a new run begins from; none where its weights are random or those of a run resumed.
std::optional<LoadedModel> beginning(const TrainingRequest& request, const Json& options) {
  if (request.resume) return {};
  std::string named = request.init;
  const Json train = options.value("train", Json());
  if (named.empty() && train.is_object() && train.contains("init") && train["init"].is_string())
    named = train["init"].get<std::string>();
  if (named.empty()) return {};
  LoadedModel loaded = load_model(found_or_shipped(named, "models", ".safetensors"), torch::kCPU);
  STEER_CHECK(loaded.model->family() == request.family || loaded.model->lent_to(request.family), "[init] ",
              named, ": expected a ", request.family, " model to begin from but got a ",
              loaded.model->family());
  return loaded;
}

// The file's options with what is said over them, and of a model to begin from those of its network.
RunFile options_asked(const TrainingRequest& request, std::optional<LoadedModel>& begun) {
  STEER_CHECK(among(request.family, family_names()), "[train] expected a family out of ",
              fmt::format("{}", fmt::join(family_names(), ", ")), " but got \"", request.family, "\"");
  std::string where = found_or_shipped(request.file, "configs", ".json");
  const bool own = where.empty() && request.resume;
  if (own) {
    where = request.run + "/options.json";
    STEER_CHECK(std::filesystem::exists(where), "[train] ", request.run,
                ": expected a run to resume but there is no options.json");
  }
  Json json = where.empty() ? Json::object() : read_json_file(where);
  if (own && json.is_object() && json.contains(request.family) && json[request.family].is_object())
    json[request.family] = stored_options(request.family, json[request.family]);
  if (where.empty()) where = "options";
  STEER_CHECK(json.is_object(), "[options] ", where, ": expected a JSON object");
  for (const std::string& set : request.sets) apply_set(json, set);
  begun = beginning(request, json);
  if (begun) {
    const auto lent =
        begun->model->family() == request.family ? nullptr : begun->model->lent_to(request.family);
    Json network = lent ? lent->options : begun->model->options();
    network.merge_patch(json.value(request.family, Json::object()));
    json[request.family] = std::move(network);
  }
  RunFile file = read_run_file(std::move(json), request.family, where);
  RunOptions& options = file.options;
  if (!request.data.empty()) options.data.path = request.data;
  if (request.minutes > 0 || request.images > 0) {
    options.train.minutes = request.minutes;
    options.train.images = request.images;
  }
  if (!request.init.empty()) options.train.init = request.init;
  if (request.seed) options.train.seed = *request.seed;
  if (request.precision) options.train.precision = *request.precision;
  options.train.loader.seed = options.train.seed;
  STEER_CHECK(!options.data.path.empty(),
              "[train] expected samples to train on: --data DIR (or data.path), or --data shapes");
  check(options.train);
  return file;
}

// "runs/a/model.safetensors: begun from its text model, trained on 32000 samples; 2 tensors begin as new,
// ...".
std::string text_of(const WeightsTaken& taken, const LoadedModel& from) {
  std::string text = fmt::format("{}: begun from its {} model, trained on {} samples", from.path,
                                 from.model->family(), from.state.images);
  if (!taken.fresh.empty())
    text += fmt::format("; {} tensors begin as new, {} and the like", taken.fresh.size(), taken.fresh[0]);
  if (!taken.left.empty())
    text += fmt::format("; {} of its tensors are left, {} and the like", taken.left.size(), taken.left[0]);
  return text;
}

// Error where the weights, with gradients, both moments and averages of them, and one batch do not fit into
// memory. What a step keeps besides, above all its activations, is not foreseen.
void check_training_memory(const std::string& family, const Json& options, const Dataset& data,
                           const TrainOptions& train) {
  constexpr double kCopies = 5;
  const Extent network = network_extent(family, options);
  const double batch = static_cast<double>(train.loader.batch) * static_cast<double>(values_of(data.space()));
  check_memory(
      (kCopies * network.numbers + batch) * sizeof(float), "[train] " + family,
      joined("training a network of ", network.numbers, " numbers in batches of ", train.loader.batch));
}

}  // namespace

Json Training::all_options() const {
  return run_json(options, *model);
}

Training prepared_training(const TrainingRequest& request) {
  std::optional<LoadedModel> begun;
  RunFile file = options_asked(request, begun);
  Training training;
  training.run = request.run, training.resume = request.resume, training.device = request.device;
  file.options.data = data_for(request.family, file.model, file.options.data);
  const std::string& path = file.options.data.path;
  training.data = make_dataset(file.options.data);
  const Json fitted = fitted_options(request.family, file.model, *training.data, path);
  check_training_memory(request.family, fitted, *training.data, file.options.train);
  training.model = make_model(request.family, fitted, static_cast<uint64_t>(file.options.train.seed));
  training.model->meet(*training.data);
  if (begun) {
    training.model->set_class_names(begun->model->class_names());
    training.begins = text_of(take_weights(*training.model, *begun), *begun);
  }
  training.options = std::move(file.options);
  return training;
}

TrainSummary run_training(const Training& training, const WorkWatch& watch) {
  const std::string title = "train " + training.run;
  const std::string plural = modality_of(training.model->space()).plural;
  const TrainSummary summary =
      train(*training.model, *training.data, training.options, training.run, training.resume, training.device,
            told_of_training(watch, title, plural));
  tell(watch, {title, 1, fmt::format("{} {}", summary.state.images, plural)});
  return summary;
}

TrainWatch told_of_training(const WorkWatch& watch, const std::string& title, const std::string& plural) {
  if (!watch) return {};
  // Samples per second of this process alone; a resumed run counts from where it took over.
  const auto first = std::make_shared<std::optional<TrainingState>>();
  return [=](const TrainMoment& moment) {
    const TrainingState& state = moment.state;
    if (!*first) *first = state;
    const double seconds = state.seconds - (*first)->seconds;
    const double rate = seconds > 0 ? static_cast<double>(state.images - (*first)->images) / seconds : 0;
    if (moment.share >= 1) return true;  // whoever trains tells the end
    return tell(watch, {title, moment.share,
                        fmt::format("{} {}  {:.0f} {}/s  {}", state.images, plural, rate, plural,
                                    figures_text(moment.figures))});
  };
}

std::string figures_text(const std::vector<std::pair<std::string, double>>& figures) {
  std::string text;
  for (const auto& [name, value] : figures)
    text += fmt::format("{}{} {:.4g}", text.empty() ? "" : "  ", name, value);
  return text;
}

Json summary_json(const TrainSummary& summary) {
  Json json = {{"images", summary.state.images},
               {"steps", summary.state.steps},
               {"seconds", summary.state.seconds},
               {"interrupted", summary.interrupted}};
  for (const auto& [name, value] : summary.figures) json[name] = value;
  return json;
}

}  // namespace steer
