#include "steer/models/diffusers_schedule.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/pi.h"
#include "steer/models/diffusers_json.h"

namespace steer {
namespace {

// How a class differs from DDPMScheduler where its file says nothing. tests/parity compares every row with
// the signatures of the library.
struct SchedulerClass {
  const char* name;
  const char* kind;
  double beta_start, beta_end;
  bool clips;           // clip_sample; false also where there is no such word
  const char* spacing;  // timestep_spacing; empty where there is no such word
  double sigma_min, sigma_max;
};

constexpr SchedulerClass kSchedulers[] = {
    {"DDPMScheduler", "betas", 1e-4, 0.02, true, "leading", 0, 0},
    {"DDPMParallelScheduler", "betas", 1e-4, 0.02, true, "leading", 0, 0},
    {"DDIMScheduler", "betas", 1e-4, 0.02, true, "leading", 0, 0},
    {"DDIMParallelScheduler", "betas", 1e-4, 0.02, true, "leading", 0, 0},
    {"PNDMScheduler", "betas", 1e-4, 0.02, false, "leading", 0, 0},
    {"DPMSolverMultistepScheduler", "betas", 1e-4, 0.02, false, "linspace", 0, 0},
    {"DPMSolverSinglestepScheduler", "betas", 1e-4, 0.02, false, "", 0, 0},
    {"DPMSolverSDEScheduler", "betas", 0.00085, 0.012, false, "linspace", 0, 0},
    {"DEISMultistepScheduler", "betas", 1e-4, 0.02, false, "linspace", 0, 0},
    {"UniPCMultistepScheduler", "betas", 1e-4, 0.02, false, "linspace", 0, 0},
    {"SASolverScheduler", "betas", 1e-4, 0.02, false, "linspace", 0, 0},
    {"EulerDiscreteScheduler", "betas", 1e-4, 0.02, false, "linspace", 0, 0},
    {"EulerAncestralDiscreteScheduler", "betas", 1e-4, 0.02, false, "linspace", 0, 0},
    {"HeunDiscreteScheduler", "betas", 0.00085, 0.012, false, "linspace", 0, 0},
    {"LMSDiscreteScheduler", "betas", 1e-4, 0.02, false, "linspace", 0, 0},
    {"KDPM2DiscreteScheduler", "betas", 0.00085, 0.012, false, "linspace", 0, 0},
    {"KDPM2AncestralDiscreteScheduler", "betas", 0.00085, 0.012, false, "linspace", 0, 0},
    {"EDMEulerScheduler", "edm", 1e-4, 0.02, false, "", 0.002, 80},
    {"EDMDPMSolverMultistepScheduler", "edm", 1e-4, 0.02, false, "", 0.002, 80},
    {"FlowMatchEulerDiscreteScheduler", "flow", 1e-4, 0.02, false, "", 0, 0},
    {"FlowMatchHeunDiscreteScheduler", "flow", 1e-4, 0.02, false, "", 0, 0},
};

// The keys of a file that the schedule has a field for; null says nothing.
Json known_part(const Json& config, const Json& fields) {
  Json known = Json::object();
  for (const auto& [key, value] : config.items())
    if (!value.is_null() && key != "kind" && fields.contains(key)) known[key] = value;
  return known;
}

// Betas that are not those of the schedule, and noise of another process behind a scheduler's own words.
void refuse_changed(Json config, const std::string& file) {
  for (const char* key : {"rescale_betas_zero_snr", "thresholding", "use_flow_sigmas", "invert_sigmas"})
    expect_key(config, key, {false}, file);
  expect_key(config, "trained_betas", {nullptr}, file);
}

void check_schedule(const DiffusersSchedule& schedule, const std::string& file) {
  check_word_of("beta_schedule", schedule.beta_schedule, {"linear", "scaled_linear", "squaredcos_cap_v2"},
                file);
  check_word_of("prediction_type", schedule.prediction_type, {"epsilon", "sample", "v_prediction"}, file);
  check_word_of("variance_type", schedule.variance_type,
                {"fixed_small", "fixed_small_log", "fixed_large", "fixed_large_log"}, file);
  check_word_of("timestep_spacing", schedule.timestep_spacing, {"", "leading", "trailing", "linspace"}, file);
  check_word_of("timestep_type", schedule.timestep_type, {"discrete", "continuous"}, file);
  STEER_CHECK(schedule.beta_start <= schedule.beta_end, "[diffusers] ", file,
              ": beta_start, beta_end: expected 0 < beta_start <= beta_end < 1 but got ", schedule.beta_start,
              " and ", schedule.beta_end);
  STEER_CHECK(schedule.sigma_min == 0 || schedule.sigma_max == 0 || schedule.sigma_min < schedule.sigma_max,
              "[diffusers] ", file, ": expected sigma_min below sigma_max but got ", schedule.sigma_min,
              " and ", schedule.sigma_max);
}

}  // namespace

const char* const kDiffusersVersion = "0.42.1";

std::vector<std::string> scheduler_names() {
  std::vector<std::string> names;
  for (const SchedulerClass& each : kSchedulers) names.emplace_back(each.name);
  return names;
}

DiffusersSchedule scheduler_defaults(const std::string& scheduler) {
  for (const SchedulerClass& each : kSchedulers) {
    if (scheduler != each.name) continue;
    DiffusersSchedule schedule;
    schedule.kind = each.kind;
    schedule.beta_start = each.beta_start, schedule.beta_end = each.beta_end;
    schedule.clip_sample = each.clips;
    schedule.timestep_spacing = each.spacing;
    schedule.sigma_min = each.sigma_min, schedule.sigma_max = each.sigma_max;
    return schedule;
  }
  fail("[diffusers] expected a scheduler that is read here but got ", in_quotes(scheduler));
}

DiffusersSchedule read_schedule_config(const Json& config, const std::string& file) {
  const Json rest = without_remarks(config, file);
  const std::string scheduler = class_of(config, "DDPMScheduler");
  check_word_of("_class_name", scheduler, scheduler_names(), file);
  refuse_changed(rest, file);
  DiffusersSchedule schedule = scheduler_defaults(scheduler);
  const auto older = rest.find("predict_epsilon");
  if (older != rest.end() && *older == false) schedule.prediction_type = "sample";
  read_options(schedule, known_part(rest, options_json(schedule)), file);
  check_schedule(schedule, file);
  return schedule;
}

Json schedule_config(const DiffusersSchedule& schedule) {
  const char* const scheduler = schedule.kind == "edm"    ? "EDMEulerScheduler"
                                : schedule.kind == "flow" ? "FlowMatchEulerDiscreteScheduler"
                                                          : "DDPMScheduler";
  Json config = {{"_class_name", scheduler}, {"_diffusers_version", kDiffusersVersion}};
  config["num_train_timesteps"] = schedule.num_train_timesteps;
  if (schedule.kind == "flow") {
    config["shift"] = schedule.shift;
    return config;
  }
  config["prediction_type"] = schedule.prediction_type;
  if (schedule.kind == "edm") {
    config.update({{"sigma_min", schedule.sigma_min},
                   {"sigma_max", schedule.sigma_max},
                   {"sigma_data", schedule.sigma_data}});
    return config;
  }
  config.update({{"beta_schedule", schedule.beta_schedule},
                 {"beta_start", schedule.beta_start},
                 {"beta_end", schedule.beta_end},
                 {"trained_betas", nullptr},
                 {"variance_type", schedule.variance_type},
                 {"clip_sample", schedule.clip_sample},
                 {"clip_sample_range", schedule.clip_sample_range},
                 {"thresholding", false},
                 {"steps_offset", schedule.steps_offset}});
  if (!schedule.timestep_spacing.empty()) config["timestep_spacing"] = schedule.timestep_spacing;
  return config;
}

Tensor betas(const DiffusersSchedule& schedule) {
  const int64_t steps = schedule.num_train_timesteps;
  if (schedule.beta_schedule == "linear")
    return at::linspace(schedule.beta_start, schedule.beta_end, steps, torch::kFloat64);
  if (schedule.beta_schedule == "scaled_linear")
    return at::linspace(std::sqrt(schedule.beta_start), std::sqrt(schedule.beta_end), steps, torch::kFloat64)
        .square();
  STEER_CHECK(schedule.beta_schedule == "squaredcos_cap_v2",
              "[diffusers] beta_schedule: expected linear, scaled_linear or squaredcos_cap_v2 but got ",
              in_quotes(schedule.beta_schedule));
  constexpr double kOffset = 0.008, kLargest = 0.999;
  const Tensor t = at::arange(steps + 1, torch::kFloat64) / static_cast<double>(steps);
  const Tensor kept = ((t + kOffset) / (1 + kOffset) * (kPi / 2)).cos().square();
  return (1 - kept.narrow(0, 1, steps) / kept.narrow(0, 0, steps)).clamp_max(kLargest);
}

}  // namespace steer
