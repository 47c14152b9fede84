#include "steer/models/diffusers_config.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"

namespace steer {
namespace {

const std::vector<std::string> kSchedulers = {"DDPMScheduler",
                                              "DDIMScheduler",
                                              "PNDMScheduler",
                                              "DPMSolverMultistepScheduler",
                                              "DPMSolverSinglestepScheduler",
                                              "DEISMultistepScheduler",
                                              "UniPCMultistepScheduler",
                                              "EulerDiscreteScheduler",
                                              "EulerAncestralDiscreteScheduler",
                                              "HeunDiscreteScheduler",
                                              "LMSDiscreteScheduler"};

// What a UNet2DModel has where its configuration says nothing.
UNetOptions library_defaults() {
  UNetOptions options;
  options.sample_size = 0;
  options.in_channels = options.out_channels = 3;
  options.down_block_types = {"DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"};
  options.up_block_types = {"AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"};
  options.block_out_channels = {224, 448, 672, 896};
  options.attention_head_dim = 8;
  options.norm_num_groups = 32;
  return options;
}

// A key that must be missing or have one of these values is taken out.
void expect(Json& config, const std::string& key, const std::vector<Json>& values, const std::string& file) {
  const auto found = config.find(key);
  if (found == config.end()) return;
  STEER_CHECK(std::find(values.begin(), values.end(), *found) != values.end(), "[diffusers] ", file, ": ",
              key, ": expected ", values.front().dump(), " but got ",
              in_quotes(found->dump(-1, ' ', false, Json::error_handler_t::replace)));
  config.erase(key);
}

// null, where it stands for a value of ours.
void replace_null(Json& config, const std::string& key, const Json& value) {
  const auto found = config.find(key);
  if (found != config.end() && found->is_null()) *found = value;
}

// Keys that begin with an underscore describe the file.
Json without_remarks(const Json& config, const std::string& file) {
  STEER_CHECK(config.is_object(), "[diffusers] ", file, ": expected an object");
  Json rest = Json::object();
  for (const auto& [key, value] : config.items())
    if (key.empty() || key[0] != '_') rest[key] = value;
  return rest;
}

std::string class_of(const Json& config, const std::string& otherwise) {
  const auto found = config.find("_class_name");
  return found != config.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

// The value under a key, or what it was where there is none or null.
template <class T>
void read(T& value, const Json& config, const std::string& key, const std::string& file) {
  const auto found = config.find(key);
  if (found != config.end() && !found->is_null()) read_value(&value, *found, file, key);
}

void check_word(const std::string& key, const std::string& word, const std::vector<std::string>& known,
                const std::string& file) {
  std::string all;
  for (const std::string& each : known) all += (all.empty() ? "" : ", ") + each;
  STEER_CHECK(std::find(known.begin(), known.end(), word) != known.end(), "[diffusers] ", file, ": ", key,
              ": expected one of ", all, " but got ", in_quotes(word));
}

}  // namespace

const char* const kDiffusersVersion = "0.21.0";

UNetOptions read_unet_config(const Json& config, const std::string& file) {
  Json rest = without_remarks(config, file);
  check_word("_class_name", class_of(config, "UNet2DModel"), {"UNet2DModel"}, file);
  expect(rest, "center_input_sample", {false}, file);
  expect(rest, "class_embed_type", {nullptr}, file);
  expect(rest, "mid_block_type", {"UNetMidBlock2D"}, file);
  expect(rest, "attention_legacy_order", {false}, file);
  if (!rest.contains("time_embedding_type") || rest["time_embedding_type"] != "learned")
    rest.erase("num_train_timesteps");  // of learned time embeddings alone
  for (const char* key : {"sample_size", "attention_head_dim", "attn_norm_num_groups", "num_class_embeds"})
    replace_null(rest, key, 0);
  for (const char* key : {"downsample_type", "upsample_type"}) replace_null(rest, key, "conv");
  // Sides that are equal may be given twice.
  if (rest.contains("sample_size") && rest["sample_size"].is_array()) {
    const Json sides = rest["sample_size"];
    STEER_CHECK(sides.size() == 2 && sides[0] == sides[1], "[diffusers] ", file,
                ": sample_size: expected equal sides");
    rest["sample_size"] = sides[0];
  }
  Json time_size;
  if (rest.contains("time_embedding_dim")) {
    time_size = rest["time_embedding_dim"];
    rest.erase("time_embedding_dim");
  }
  UNetOptions options = library_defaults();
  read_options(options, rest, file);
  try {
    check(options);
  } catch (const Error& error) {
    fail("[diffusers] ", file, ": ", error.what());
  }
  STEER_CHECK(time_size.is_null() || time_size == 4 * options.block_out_channels.front(), "[diffusers] ",
              file, ": time_embedding_dim: expected ", 4 * options.block_out_channels.front(),
              ", four times the first of block_out_channels");
  return options;
}

Json unet_config(const UNetOptions& options) {
  Json config = {{"_class_name", "UNet2DModel"}, {"_diffusers_version", kDiffusersVersion}};
  config.update(options_json(options));
  config.erase("zero_init");
  for (const char* key : {"sample_size", "attention_head_dim", "num_class_embeds"})
    if (config[key] == 0) config[key] = nullptr;
  if (options.attn_norm_num_groups == 0) config.erase("attn_norm_num_groups");
  config["center_input_sample"] = false;
  config["class_embed_type"] = nullptr;
  return config;
}

DiffusersSchedule read_schedule_config(const Json& config, const std::string& file) {
  Json rest = without_remarks(config, file);
  const std::string scheduler = class_of(config, "DDPMScheduler");
  check_word("_class_name", scheduler, kSchedulers, file);
  for (const char* key : {"rescale_betas_zero_snr", "thresholding"}) expect(rest, key, {false}, file);
  expect(rest, "trained_betas", {nullptr}, file);
  DiffusersSchedule schedule;
  // The others clip only where their files say so.
  schedule.clip_sample = scheduler == "DDPMScheduler" || scheduler == "DDIMScheduler";
  read(schedule.num_train_timesteps, rest, "num_train_timesteps", file);
  read(schedule.beta_schedule, rest, "beta_schedule", file);
  read(schedule.beta_start, rest, "beta_start", file);
  read(schedule.beta_end, rest, "beta_end", file);
  read(schedule.variance_type, rest, "variance_type", file);
  read(schedule.clip_sample, rest, "clip_sample", file);
  read(schedule.clip_sample_range, rest, "clip_sample_range", file);
  bool predict_epsilon = true;  // the older word
  read(predict_epsilon, rest, "predict_epsilon", file);
  if (!predict_epsilon) schedule.prediction_type = "sample";
  read(schedule.prediction_type, rest, "prediction_type", file);
  check_word("beta_schedule", schedule.beta_schedule, {"linear", "scaled_linear", "squaredcos_cap_v2"}, file);
  check_word("prediction_type", schedule.prediction_type, {"epsilon", "sample", "v_prediction"}, file);
  check_word("variance_type", schedule.variance_type,
             {"fixed_small", "fixed_small_log", "fixed_large", "fixed_large_log"}, file);
  constexpr int64_t kMostSteps = 1000000;
  STEER_CHECK(schedule.num_train_timesteps >= 1 && schedule.num_train_timesteps <= kMostSteps, "[diffusers] ",
              file, ": num_train_timesteps: expected 1..", kMostSteps, " but got ",
              schedule.num_train_timesteps);
  STEER_CHECK(schedule.beta_start > 0 && schedule.beta_start <= schedule.beta_end && schedule.beta_end < 1,
              "[diffusers] ", file,
              ": beta_start, beta_end: expected 0 < beta_start <= beta_end < 1 but got ", schedule.beta_start,
              " and ", schedule.beta_end);
  return schedule;
}

Json schedule_config(const DiffusersSchedule& schedule) {
  return {{"_class_name", "DDPMScheduler"},
          {"_diffusers_version", kDiffusersVersion},
          {"num_train_timesteps", schedule.num_train_timesteps},
          {"beta_schedule", schedule.beta_schedule},
          {"beta_start", schedule.beta_start},
          {"beta_end", schedule.beta_end},
          {"trained_betas", nullptr},
          {"prediction_type", schedule.prediction_type},
          {"variance_type", schedule.variance_type},
          {"clip_sample", schedule.clip_sample},
          {"clip_sample_range", schedule.clip_sample_range},
          {"thresholding", false},
          {"timestep_spacing", "leading"},
          {"steps_offset", 0}};
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
  constexpr double kHalfPi = 1.5707963267948966, kOffset = 0.008, kLargest = 0.999;
  const Tensor t = at::arange(steps + 1, torch::kFloat64) / static_cast<double>(steps);
  const Tensor kept = ((t + kOffset) / (1 + kOffset) * kHalfPi).cos().square();
  return (1 - kept.narrow(0, 1, steps) / kept.narrow(0, 0, steps)).clamp_max(kLargest);
}

}  // namespace steer
