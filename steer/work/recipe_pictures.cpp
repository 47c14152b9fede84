#include "steer/work/recipe_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/seed_list.h"
#include "steer/modalities/modalities.h"
#include "steer/picture/grid.h"
#include "steer/work/outputs.h"
#include "steer/work/pictures.h"

namespace steer {
namespace {

Json numbers(const Tensor& values) {
  Json list = Json::array();
  for (int64_t i = 0; i < values.size(0); ++i) list.push_back(values[i].item<double>());
  return list;
}

// What people call the model: the name of its run folder or file.
std::string model_name(const std::string& path) {
  std::filesystem::path file = std::filesystem::path(path).lexically_normal();
  if (file.filename().empty()) file = file.parent_path();
  return file.extension() == ".safetensors" ? file.stem().string() : file.filename().string();
}

// The samples of a run that the recipe of sample `index` makes.
RecipeRun part_of(const RecipeRun& run, int64_t index) {
  RecipeRun part = run;
  part.recipe = recipe_of_sample(run, index);
  part.state = run.state.narrow(part.recipe.first - run.recipe.first, part.recipe.count);
  return part;
}

// The samples as the ending of the path says.
void write_samples(const std::string& path, const RecipeRun& run, const Json& twin) {
  if (!has_own_format(run.space, path)) return write_picture(path, picture_of(run), twin, recipe_texts(run));
  const int64_t shown = run.recipe.shown;
  const State samples = shown >= 0 ? run.state.narrow(shown, 1) : run.state;
  write_own_format(path, run.space, samples, twin);
}

}  // namespace

void write_sample(const std::string& path, const RecipeRun& run, int64_t index) {
  const RecipeRun part = part_of(run, index);
  Json twin = {{"run", run.recipe.model.path},
               {"out", path},
               {"seed", seeds_for(run.recipe.seeds, run.recipe.count)[static_cast<size_t>(index)]}};
  if (run.asked.label.defined()) twin["class"] = run.asked.label[index].item<int64_t>();
  if (run.scores.defined()) twin["score"] = run.scores[index].item<double>();
  twin["recipe"] = recipe_json(part.recipe);
  write_samples(path, part, twin);
}

namespace {

// JSON holds UTF-8 alone.
std::vector<std::string> valid_texts(std::vector<std::string> texts) {
  for (std::string& text : texts) text = as_utf8(text);
  return texts;
}

}  // namespace

bool has_own_format(const Space& space, const std::string& path) {
  const Modality& modality = modality_of(space);
  return modality.writes && modality.writes(path);
}

void check_samples_output(const Space& space, const std::string& path, bool force) {
  has_own_format(space, path) ? check_file_output(path, OutputKind::kSamples, force)
                              : check_picture_output(path, force);
}

void write_own_format(const std::string& path, const Space& space, const State& samples, const Json& twin) {
  write_file(path, modality_of(space).file_of(path, space, samples));
  write_twin(path, twin);
}

Tensor picture_of(const RecipeRun& run) {
  const int64_t shown = run.recipe.shown;
  Tensor picture;
  if (shown >= 0)
    picture = picture_alone(run.space, run.state.narrow(shown, 1));
  else
    picture = picture_of(run.space, run.given.defined() ? concatenated({run.given, run.state}) : run.state,
                         run.columns);
  return run.recipe.zoom > 1 ? enlarged(picture, run.recipe.zoom) : picture;
}

Json figures_of(const RecipeRun& run) {
  const Recipe& recipe = run.recipe;
  Json figures = {{"run", recipe.model.path}};
  if (!run.words.empty()) figures["objective"] = run.words;
  figures["samples"] = recipe.count;
  figures["seed"] = recipe.seeds.at(0);
  if (recipe.seeds.size() > 1) figures["seeds"] = recipe.seeds;
  figures["seconds"] = run.seconds;
  if (run.words.empty())
    figures.update(recipe.settings);
  else
    figures["guidance"] = recipe.settings;
  if (run.scores.defined()) {
    figures["score_mean"] = run.scores.mean().item<double>();
    figures["score_best"] = run.scores.max().item<double>();
    figures["scores"] = numbers(run.scores);
  }
  if (run.state.defined() && has_texts(run.space))
    figures["texts"] = valid_texts(texts_of(run.space, run.state));
  if (run.beside) figures["check"] = beside_json(*run.beside);
  if (run.evaluations > 0) figures["evaluations"] = run.evaluations;
  if (!recipe.telling.label.empty()) figures["label"] = recipe.telling.label;
  if (!recipe.telling.value.empty()) figures["told"] = recipe.telling.value;
  if (!recipe.telling.given.empty()) figures["condition"] = recipe.telling.given;
  if (recipe.from) figures["from"] = options_json(*recipe.from);
  return figures;
}

std::vector<PngText> recipe_texts(const RecipeRun& run) {
  const Recipe& recipe = run.recipe;
  const size_t shown = static_cast<size_t>(std::max<int64_t>(recipe.shown, 0));
  std::string line = recipe.objective.empty() ? "" : recipe.objective + "\n";
  line += fmt::format("Steps: {}, Seed: {}, Model: {}, Model hash: {}", run.steps,
                      seeds_for(recipe.seeds, recipe.count)[shown], model_name(recipe.model.path),
                      recipe.model.fingerprint);
  return {{"parameters", as_utf8(line), true}, {kRecipeKey, json_text(recipe_json(recipe)), false}};
}

std::string recipe_in_png(std::string_view bytes, const std::string& name) {
  for (const PngText& text : decode_png_texts(bytes, name))
    if (text.key == kRecipeKey) return text.text;
  fail("[recipe] ", name,
       ": expected a picture with its recipe inside, as steer sample and steer guide write them, "
       "but it has none");
}

void check_picture_path(const std::string& path, const Recipe& recipe) {
  if (seed_path(path, 0) == path) return;
  std::vector<int64_t> seeds = seeds_for(recipe.seeds, recipe.count);
  std::sort(seeds.begin(), seeds.end());
  STEER_CHECK(std::adjacent_find(seeds.begin(), seeds.end()) == seeds.end(), "[recipe] ", path,
              ": expected each seed once, since every sample is a file of its own, but some come again");
}

void write_run(const std::string& path, const RecipeRun& run, const Json& figures) {
  STEER_CHECK(!run.stopped && run.state.defined(), "[recipe] ", path,
              ": expected samples but they were stopped");
  check_picture_path(path, run.recipe);
  if (seed_path(path, 0) == path) {
    Json twin = figures;
    twin["recipe"] = recipe_json(run.recipe);
    write_samples(path, run, twin);
    return;
  }
  const std::vector<int64_t> seeds = seeds_for(run.recipe.seeds, run.recipe.count);
  for (int64_t i = 0; i < run.recipe.count; ++i)
    write_sample(seed_path(path, seeds[static_cast<size_t>(i)]), run, i);
}

}  // namespace steer
