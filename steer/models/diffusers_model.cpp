#include "steer/models/diffusers_model.h"

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/nn/module_tensors.h"

namespace steer {
namespace {

// The library's word for each prediction, and ours.
constexpr std::pair<const char*, const char*> kPredictions[] = {
    {"epsilon", "eps"}, {"sample", "x0"}, {"v_prediction", "v"}};

}  // namespace

std::unique_ptr<DiffusionModel> import_diffusers(const std::string& folder) {
  const DiffusersModel read = read_diffusers(folder);
  const DiffusersSchedule& schedule = read.schedule;
  const auto steps = static_cast<double>(schedule.num_train_timesteps);
  DiffusionOptions options;
  options.unet = read.network;
  options.classes = read.network.num_class_embeds;
  options.label_dropout = 0;
  options.process.steps = schedule.num_train_timesteps;
  if (schedule.beta_schedule == "linear") {
    options.process.type = "ddpm";
    options.process.beta_min = schedule.beta_start * steps;
    options.process.beta_max = schedule.beta_end * steps;
  } else {
    STEER_CHECK(schedule.beta_schedule == "squaredcos_cap_v2", "[import] ", folder,
                ": expected the beta schedule linear or squaredcos_cap_v2 but got ", schedule.beta_schedule);
    options.process.type = "cosine";
  }
  for (const auto& [theirs, ours] : kPredictions)
    if (schedule.prediction_type == theirs) options.prediction = ours;
  options.sampler = suited_sampler(options.process.type);
  options.sampler.solver.clip_x0 = schedule.clip_sample;
  auto model = make_model("diffusion", options_json(options), 0);
  load_tensors(model->module(), read.tensors, "[import] " + folder);
  return std::unique_ptr<DiffusionModel>(static_cast<DiffusionModel*>(model.release()));
}

void export_diffusers(const std::string& folder, DiffusionModel& model) {
  const DiffusionOptions& options = model.settings();
  const ProcessOptions& process = options.process;
  STEER_CHECK(options.network == "unet",
              "[export] expected a U-Net, as the library has them, but got a network ", options.network);
  STEER_CHECK(
      process.type == "ddpm" || process.type == "cosine",
      "[export] expected a model of the process ddpm or cosine, as the library's schedulers are, but it "
      "is of ",
      process.type);
  DiffusersModel written;
  written.network = options.unet;
  written.tensors = module_tensors(model.module());
  DiffusersSchedule& schedule = written.schedule;
  schedule.num_train_timesteps = process.steps;
  schedule.beta_schedule = process.type == "ddpm" ? "linear" : "squaredcos_cap_v2";
  schedule.beta_start = process.beta_min / static_cast<double>(process.steps);
  schedule.beta_end = process.beta_max / static_cast<double>(process.steps);
  schedule.clip_sample = options.sampler.solver.clip_x0;
  schedule.prediction_type.clear();
  for (const auto& [theirs, ours] : kPredictions)
    if (options.prediction == ours) schedule.prediction_type = theirs;
  STEER_CHECK(!schedule.prediction_type.empty(),
              "[export] expected a model that predicts eps, x0 or v but it predicts ", options.prediction);
  write_diffusers(folder, written);
}

}  // namespace steer
