#include "steer/train/training_run.h"

#include <fmt/format.h>

#include <utility>

#include "steer/core/check.h"
#include "steer/core/json_fields.h"
#include "steer/core/metadata.h"
#include "steer/core/tensors.h"

namespace steer {

void check_same_classes(const ClassNames& known, const ClassNames& given, const std::string& where) {
  STEER_CHECK(known.empty() || given.empty() || known == given, "[train] ", where, ": expected the classes ",
              names_text(known), " in this order but the data have ", names_text(given));
}

void Averages::add(const std::string& name, const Tensor& value) {
  for (auto& [known, sum] : sums_)
    if (known == name) {
      sum.first += value.detach().to(torch::kFloat64);
      ++sum.second;
      return;
    }
  sums_.push_back({name, {value.detach().to(torch::kFloat64).clone(), 1}});
}

Json Averages::state() const {
  Json state = Json::array();
  for (const auto& [name, sum] : sums_)
    state.push_back({{"name", name}, {"sum", sum.first.item<double>()}, {"count", sum.second}});
  return state;
}

void Averages::load(const Json& state, const std::string& where) {
  STEER_CHECK(state.is_array(), "[resume] ", where, ": averages: expected an array but got ",
              in_quotes(state.dump()));
  sums_.clear();
  for (const Json& each : state)
    sums_.push_back({field<std::string>(each, "name", where),
                     {at::full({}, field<double>(each, "sum", where), torch::kFloat64),
                      field<int64_t>(each, "count", where)}});
}

std::vector<std::pair<std::string, double>> Averages::take() {
  std::vector<std::pair<std::string, double>> means;
  for (auto& [name, sum] : sums_)
    means.emplace_back(name, sum.first.item<double>() / static_cast<double>(sum.second));
  sums_.clear();
  return means;
}

TrainingRun::TrainingRun(Model& model, const TrainOptions& options, const Together& together)
    : model_(model), stored_(options.stored), learner(model, options, together) {}

Checkpoint TrainingRun::checkpoint() const {
  Checkpoint checkpoint;
  const auto put = [&](const std::string& prefix, const std::map<std::string, Tensor>& tensors) {
    for (const auto& [name, tensor] : tensors) checkpoint.tensors[prefix + name] = tensor;
  };
  put("model.", module_tensors(model_.module()));
  put("adam.", learner.optimiser_state());
  put("ema.", learner.ema.shadows());
  put("training.", model_.training_state());
  checkpoint.metadata = {{"format", "steer-resume"},
                         {"images", std::to_string(learner.images)},
                         {"steps", std::to_string(learner.steps)},
                         {"seconds", fmt::format("{}", seconds)},
                         {"share", fmt::format("{}", share)},
                         {"log_bytes", std::to_string(log_bytes)},
                         {"averages", json_text(averages.state())}};
  if (!model_.class_names().empty())
    checkpoint.metadata["class_names"] = class_names_json(model_.class_names());
  return checkpoint;
}

void TrainingRun::load(const Checkpoint& checkpoint, const std::string& path) {
  const auto part = [&](const std::string& prefix) {
    std::map<std::string, Tensor> tensors;
    for (const auto& [name, tensor] : checkpoint.tensors)
      if (name.rfind(prefix, 0) == 0) tensors[name.substr(prefix.size())] = tensor;
    return tensors;
  };
  const std::string what = "[resume] " + path;
  const Metadata words(checkpoint.metadata, what);
  if (words.has("class_names"))
    check_same_classes(class_names_of(words.text("class_names")), model_.class_names(), path);
  load_tensors(model_.module(), part("model."), what);
  model_.load_training_state(part("training."));
  learner.load_optimisers(part("adam."), what + ": adam");
  learner.ema.load(part("ema."), what + ": ema");
  learner.images = words.count("images");
  learner.steps = words.count("steps");
  seconds = words.number("seconds");
  log_bytes = words.count("log_bytes");
  // Files of former versions do not say these.
  if (words.has("share")) share = words.number("share");
  if (words.has("averages")) averages.load(words.json("averages"), path + ": averages");
}

void TrainingRun::save(const std::string& folder) {
  write_checkpoint(folder + "/resume.safetensors", checkpoint());
  save_model(folder + "/model.safetensors", model_, state(), &learner.ema,
             stored_ == "float16" ? torch::kFloat16 : torch::kFloat32);
}

}  // namespace steer
