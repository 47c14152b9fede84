#include "steer/models/diffusers_model.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/nn/module_tensors.h"

namespace steer {
namespace {

// A prediction of the library's schedulers of one kind, and ours.
struct SamePrediction {
  const char *kind, *theirs, *ours;
};
// Ours of edm is that of Karras et al. 2022, which the library's files call epsilon.
constexpr SamePrediction kPredictions[] = {
    {"betas", "epsilon", "eps"}, {"betas", "sample", "x0"},    {"betas", "v_prediction", "v"},
    {"edm", "epsilon", "edm"},   {"edm", "v_prediction", "v"}, {"flow", "epsilon", "velocity"},
};

// A network of continuous times sees xbar / sqrt(sigma^2 + 1) and ln(sigma) / 4: edm with data of
// deviation 1.
bool is_continuous(const DiffusersSchedule& schedule) {
  return schedule.kind == "betas" && schedule.timestep_type == "continuous" &&
         schedule.prediction_type == "v_prediction";
}

ProcessOptions table_process(const DiffusersSchedule& schedule, const std::string& folder) {
  const auto steps = static_cast<double>(schedule.num_train_timesteps);
  STEER_CHECK(schedule.num_train_timesteps > 1, "[import] ", folder,
              ": expected at least 2 num_train_timesteps but got ", schedule.num_train_timesteps);
  ProcessOptions process;
  process.steps = schedule.num_train_timesteps;
  if (schedule.beta_schedule == "squaredcos_cap_v2") {
    process.type = "cosine";
    return process;
  }
  STEER_CHECK(schedule.beta_schedule == "linear", "[import] ", folder,
              ": expected the beta_schedule linear or squaredcos_cap_v2 but got ", schedule.beta_schedule);
  STEER_CHECK(schedule.beta_start < schedule.beta_end, "[import] ", folder,
              ": expected beta_start below beta_end but got ", schedule.beta_start, " and ",
              schedule.beta_end);
  process.type = "ddpm";
  process.beta_min = schedule.beta_start * steps;
  process.beta_max = schedule.beta_end * steps;
  return process;
}

ProcessOptions edm_process(const DiffusersSchedule& schedule, const std::string& folder) {
  ProcessOptions process;
  process.type = "edm";
  process.sigma_min = schedule.sigma_min, process.sigma_max = schedule.sigma_max;
  process.sigma_data = is_continuous(schedule) ? 1 : schedule.sigma_data;
  STEER_CHECK(schedule.prediction_type != "v_prediction" || process.sigma_data == 1, "[import] ", folder,
              ": expected the prediction_type epsilon, or a sigma_data of 1, but got v_prediction and ",
              process.sigma_data);
  if (!is_continuous(schedule)) return process;
  // Where the file names no range, that of the table is meant.
  const Tensor kept = (1 - betas(schedule)).cumprod(0), sigmas = ((1 - kept) / kept).sqrt();
  if (process.sigma_min == 0) process.sigma_min = sigmas[0].item<double>();
  if (process.sigma_max == 0) process.sigma_max = sigmas[-1].item<double>();
  return process;
}

ProcessOptions process_of(const DiffusersSchedule& schedule, const std::string& folder) {
  if (schedule.kind == "edm" || is_continuous(schedule)) return edm_process(schedule, folder);
  if (schedule.kind == "betas") return table_process(schedule, folder);
  ProcessOptions process;
  process.type = "flow";
  process.steps = schedule.num_train_timesteps + 1;
  return process;
}

SamplerOptions sampler_of_schedule(const DiffusersSchedule& schedule, const ProcessOptions& process) {
  const bool table = is_of_table(process.type);
  SamplerOptions sampler = table ? published_sampler() : suited_sampler(process.type, process.sigma_min);
  sampler.solver.clip_x0 = schedule.clip_sample && schedule.kind == "betas";
  sampler.solver.clip_range = schedule.clip_sample_range == 1 ? 0 : schedule.clip_sample_range;
  sampler.solver.variance = schedule.variance_type.rfind("fixed_large", 0) == 0 ? "large" : "small";
  if (process.type == "flow") sampler.levels.shift = schedule.shift;
  if (!table) return sampler;
  sampler.levels.steps = std::min(sampler.levels.steps, process.steps);
  if (schedule.timestep_spacing.empty()) return sampler;
  const bool even = schedule.timestep_spacing == "linspace";
  sampler.levels.type = even ? "ddpm_even" : "ddpm_" + schedule.timestep_spacing;
  sampler.levels.offset = schedule.timestep_spacing == "leading" ? schedule.steps_offset : 0;
  return sampler;
}

// Our word for what the network gives.
std::string our_prediction(const DiffusersSchedule& schedule) {
  for (const SamePrediction& same : kPredictions)
    if (schedule.kind == same.kind && schedule.prediction_type == same.theirs) return same.ours;
  fail("[import] prediction_type: expected epsilon or v_prediction of an ", schedule.kind,
       " scheduler but got ", schedule.prediction_type);
}

// The library's word for what a model of this kind gives.
std::string their_prediction(const std::string& kind, const DiffusionOptions& options) {
  std::string known;
  for (const SamePrediction& same : kPredictions) {
    if (kind != same.kind) continue;
    if (options.prediction == same.ours) return same.theirs;
    known += (known.empty() ? "" : " or ") + std::string(same.ours);
  }
  fail("[export] expected a model of the process ", options.process.type, " to predict ", known,
       ", as the library's schedulers of it take, but it predicts ", options.prediction);
}

// That of grids which the library has no word for begins at the noisiest entry, as suits few steps.
std::string spacing_of(const std::string& levels) {
  if (levels == "ddpm_leading") return "leading";
  return levels == "ddpm_even" || levels == "ddpm_linspace" ? "linspace" : "trailing";
}

DiffusersSchedule schedule_of(const DiffusionModel& model) {
  const DiffusionOptions& options = model.settings();
  const ProcessOptions& process = options.process;
  const SamplerOptions& sampler = options.sampler;
  DiffusersSchedule schedule;
  schedule.kind = process.type == "edm" || process.type == "flow" ? process.type : "betas";
  STEER_CHECK(schedule.kind != "betas" || process.type == "ddpm" || process.type == "cosine",
              "[export] expected a model of the process ddpm, cosine, edm or flow, which the library's "
              "schedulers know, but it is of ",
              process.type);
  schedule.prediction_type = their_prediction(schedule.kind, options);
  STEER_CHECK(
      schedule.kind != "edm" || options.prediction != "v" || process.sigma_data == 1,
      "[export] expected a model of the process edm that predicts v to have a sigma_data of 1, as the "
      "library's schedulers take it, but got ",
      process.sigma_data);
  if (schedule.kind == "edm") {
    schedule.sigma_min = model.process().sigma_min(), schedule.sigma_max = model.process().sigma_max();
    schedule.sigma_data = process.sigma_data;
    return schedule;
  }
  schedule.num_train_timesteps = schedule.kind == "flow" ? process.steps - 1 : process.steps;
  schedule.shift = sampler.levels.shift;
  schedule.beta_schedule = process.type == "cosine" ? "squaredcos_cap_v2" : "linear";
  if (process.type == "ddpm") {
    schedule.beta_start = process.beta_min / static_cast<double>(process.steps);
    schedule.beta_end = process.beta_max / static_cast<double>(process.steps);
  }
  schedule.variance_type = "fixed_" + sampler.solver.variance;
  schedule.clip_sample = sampler.solver.clip_x0;
  schedule.clip_sample_range = clip_limit(sampler.solver);
  schedule.timestep_spacing = spacing_of(sampler.levels.type);
  schedule.steps_offset = sampler.levels.offset;
  return schedule;
}

}  // namespace

std::unique_ptr<DiffusionModel> import_diffusers(const std::string& folder, const DiffusersImport& how) {
  const DiffusersModel read = read_diffusers(folder, how.variant);
  DiffusionOptions options;
  options.unet = read.network;
  if (how.size > 0) options.unet.sample_size = how.size;
  STEER_CHECK(options.unet.sample_size > 0, "[import] ", folder,
              ": its config.json tells no sample_size; name height and width of the images: --size N");
  STEER_CHECK(options.unet.in_channels == options.unet.out_channels, "[import] ", folder,
              ": expected out_channels to be in_channels, ", options.unet.in_channels,
              ", for a network that gives no variance, but got ", options.unet.out_channels);
  const int64_t rows = read.network.num_class_embeds;
  STEER_CHECK(!how.last_is_no_class || rows > 1, "[import] ", folder,
              ": expected a network of classes, the last of which says \"no class\", but it knows ", rows);
  options.label_dropout = read.label_dropout;
  if (how.last_is_no_class && options.label_dropout == 0)
    options.label_dropout = DiffusionOptions().label_dropout;
  options.classes = options.label_dropout > 0 ? rows - 1 : rows;
  options.process = process_of(read.schedule, folder);
  options.prediction = our_prediction(read.schedule);
  options.sampler = sampler_of_schedule(read.schedule, options.process);
  auto model = make_model("diffusion", options_json(options), 0);
  load_tensors(model->module(), read.tensors, "[import] " + folder);
  return std::unique_ptr<DiffusionModel>(static_cast<DiffusionModel*>(model.release()));
}

void export_diffusers(const std::string& folder, DiffusionModel& model) {
  const DiffusionOptions& options = model.settings();
  STEER_CHECK(options.network == "unet",
              "[export] expected a U-Net, as the library has them, but got a network ", options.network);
  STEER_CHECK(options.unet.patch_size == 1,
              "[export] expected a U-Net of single pixels, as the library has them, but got patches of ",
              options.unet.patch_size);
  STEER_CHECK(options.unet.line == 0,
              "[export] expected a U-Net of images, as the library has them, but got lines");
  DiffusersModel written;
  written.schedule = schedule_of(model);
  written.network = options.unet;
  written.tensors = module_tensors(model.module());
  if (options.classes > 0) written.label_dropout = options.label_dropout;
  write_diffusers(folder, written);
}

}  // namespace steer
