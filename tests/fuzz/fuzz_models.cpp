#include <fstream>

#include "fuzz_targets.h"
#include "steer/core/checkpoint.h"
#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/models/diffusers.h"
#include "steer/models/small_models.h"
#include "steer/nn/saved_network.h"
#include "steer/nn/unet.h"
#include "steer/picture/images.h"
#include "steer/train/run_file.h"
#include "steer/work/comparison_plan.h"
#include "steer/work/inspection.h"
#include "steer/work/journal.h"
#include "steer/work/recipe.h"
#include "steer/work/recipe_pictures.h"
#include "steer/work/report.h"

namespace steer {
namespace {

using Bytes = std::vector<std::string>;

std::unique_ptr<Model> tiny_classifier() {
  return make_model("classifier",
                    {{"network", {{"channels", 1}, {"classes", 3}, {"size", 8}, {"widths", {4, 8}}}}}, 1);
}

std::unique_ptr<Model> tiny_points() {
  return make_model("ddn", {{"network", "points"}, {"points", {{"width", 8}, {"candidates", {4, 4, 4}}}}}, 1);
}

std::string file_of(Model& model) {
  const std::string path = fuzz_folder() + "/seed.safetensors";
  save_model(path, model, {}, nullptr);
  return read_file(path);
}

void read_model(std::string_view bytes) {
  const std::string path = fuzz_file(bytes, ".safetensors");
  inspect(path);
}

Bytes model_seeds() {
  Bytes seeds = {file_of(*small_diffusion("edm")), file_of(*tiny_classifier()), file_of(*tiny_points())};
  return seeds;
}

void read_judge(std::string_view bytes) {
  load_classifier(fuzz_file(bytes, ".safetensors"), torch::kCPU);
}

Bytes judge_seeds() {
  return {file_of(*tiny_classifier())};
}

// The bytes are the options in a checkpoint whose tensors are right.
void read_model_options(std::string_view bytes) {
  static const Checkpoint whole = [] {
    const std::string path = fuzz_folder() + "/whole.safetensors";
    save_model(path, *tiny_points(), {}, nullptr);
    return read_checkpoint(path);
  }();
  Checkpoint changed = whole;
  const size_t line = bytes.find('\n');
  changed.metadata["family"] = std::string(bytes.substr(0, line));
  changed.metadata["options"] = line == bytes.npos ? "" : std::string(bytes.substr(line + 1));
  const std::string path = fuzz_folder() + "/options.safetensors";
  write_checkpoint(path, changed);  // refuses what is no UTF-8
  load_model(path, torch::kCPU);
}

Bytes option_seeds() {
  return {"ddn\n" + tiny_points()->options().dump(), "classifier\n" + tiny_classifier()->options().dump(),
          "diffusion\n" + small_diffusion("flow", 3)->options().dump(),
          "ddn\n" + small_ddn("recurrent")->options().dump(),
          "ddn\n" + small_ddn("pyramid")->options().dump()};
}

// The bytes are the config.json of a folder whose weights are right.
void read_config(std::string_view bytes) {
  static const std::string folder = [] {
    DiffusersModel model;
    model.network = small_diffusion("ddpm")->settings().unet;
    UNet network(model.network);
    model.tensors = module_tensors(*network);
    write_diffusers(fuzz_folder() + "/diffusers", model);
    return fuzz_folder() + "/diffusers";
  }();
  std::ofstream(folder + "/unet/config.json", std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  read_diffusers(folder);
}

Bytes config_seeds() {
  return {unet_config(small_diffusion("ddpm")->settings().unet).dump()};
}

void read_schedule(std::string_view bytes) {
  read_schedule_config(parse_json(bytes, "input"), "input");
}

Bytes schedule_seeds() {
  return {schedule_config(DiffusersSchedule()).dump()};
}

void read_options_file(std::string_view bytes) {
  const RunFile file = read_run_file(parse_json(bytes, "input"), "", "input");
  if (!file.family.empty()) network_extent(file.family, file.model);
}

Bytes options_seeds() {
  Json json = options_json(RunOptions());
  json["family"] = "ddn";
  json["ddn"] = tiny_points()->options();
  return {json.dump(), R"({"family": "diffusion", "diffusion": {"process": {"type": "flow"}}})"};
}

void read_preset(std::string_view bytes) {
  static const auto model = small_diffusion("edm");
  model->plan(nullptr, {{"preset", parse_json(bytes, "input")}});
}

Bytes preset_seeds() {
  return {
      R"json({"guidance": {"climb": {"rho": 0.5, "recurrence": 2}}, "sampler": {"solver": {"name": "heun"}},
                  "objective": "tv()", "value": 0.5})json"};
}

void read_settings(std::string_view bytes) {
  static const auto model = small_diffusion("edm");
  model->plan(nullptr, parse_json(bytes, "input"));
}

void read_ddn_settings(std::string_view bytes) {
  static const auto model = small_ddn("pyramid");
  model->plan(nullptr, parse_json(bytes, "input"));
}

Bytes ddn_setting_seeds() {
  return {"{}", R"({"top": 2})"};
}

Bytes settings_seeds() {
  return {"{}", R"({"steps": 5, "solver": "heun"})"};
}

void read_tasks(std::string_view bytes) {
  read_comparison(fuzz_file(bytes, ".json"));
}

Bytes task_seeds() {
  return {R"json({"tasks": [{"objective": "inpaint(mask=left)", "data": "shapes", "count": 2}], "search": 3,
                  "methods": {"x": {"method": "tfg", "guidance": {"climb": {"rho": 1}}}, "y": {"beam": 2}}})json"};
}

void read_recipe_bytes(std::string_view bytes) {
  const Recipe recipe = read_recipe(fuzz_file(bytes, ".json"));
  runs_programs(recipe);
}

Bytes recipe_seeds() {
  Recipe recipe;
  recipe.work = "guide", recipe.objective = "tv()", recipe.seeds = {1, 2}, recipe.count = 2,
  recipe.noise_seed = 5;
  const std::string text = recipe_json(recipe).dump();
  return {text, "{\"recipe\": " + text + "}", encode_png(at::zeros({1, 4, 4}), {{"steer", text, false}})};
}

void read_report_bytes(std::string_view bytes) {
  read_report(fuzz_file(bytes, ".json"));
}

Bytes report_seeds() {
  return {R"({"title": "t", "sections": [{"heading": "h", "table": [["a", "b"], ["x", 1], ["y", 2.5]],)"
          R"( "best": {"b": "highest"}, "pictures": []}]})"};
}

void read_journal(std::string_view bytes) {
  Journal({fuzz_file(bytes, ".jsonl"), "search", {{"seed", 1}}, {"values", "samples"}});
}

Bytes journal_seeds() {
  return {
      "{\"conditions\": {\"seed\": 1}}\n{\"values\": [1], \"samples\": 2, \"metric\": 0.5}\n"
      "{\"key\": {\"values\": [2], \"samples\": 2}, \"metric\": null}\n"};
}

}  // namespace

std::vector<FuzzTarget> model_targets() {
  return {{"model", read_model, model_seeds},
          {"judge", read_judge, judge_seeds},
          {"model_options", read_model_options, option_seeds},
          {"diffusers", read_config, config_seeds},
          {"schedule", read_schedule, schedule_seeds},
          {"run_file", read_options_file, options_seeds},
          {"preset", read_preset, preset_seeds},
          {"settings", read_settings, settings_seeds},
          {"ddn_settings", read_ddn_settings, ddn_setting_seeds},
          {"tasks", read_tasks, task_seeds},
          {"recipe", read_recipe_bytes, recipe_seeds},
          {"report", read_report_bytes, report_seeds},
          {"journal", read_journal, journal_seeds}};
}

}  // namespace steer
