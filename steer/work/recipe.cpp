#include "steer/work/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/options.h"
#include "steer/core/precision.h"
#include "steer/core/seed_list.h"
#include "steer/core/shipped.h"
#include "steer/modalities/modalities.h"
#include "steer/objectives/syntax.h"
#include "steer/picture/picture_writing.h"
#include "steer/work/drawing.h"
#include "steer/work/guiding.h"
#include "steer/work/pictures.h"
#include "steer/work/recipe_pictures.h"

namespace steer {
namespace {

constexpr int64_t kRecipeVersion = 1;

// A column for each label of several, as far as they fit.
constexpr size_t kMostLabelColumns = 32;
constexpr int64_t kGuidedColumns = 9;

// Removes a key and gives its value, null where there is none.
Json taken(Json& json, const char* key) {
  const Json value = json.value(key, Json());
  json.erase(key);
  return value;
}

void check_recipe(const Recipe& recipe, const std::string& where) {
  STEER_CHECK(recipe.version == kRecipeVersion, "[recipe] ", where, ": expected version ", kRecipeVersion,
              " of recipes but got ", recipe.version, "; a newer steer may have written it");
  STEER_CHECK(recipe.work == "sample" || recipe.work == "guide", "[recipe] ", where,
              ": expected the work sample or guide but got ", in_quotes(recipe.work));
  STEER_CHECK(recipe.objective.empty() == (recipe.work == "sample"), "[recipe] ", where,
              ": expected an objective with the work guide, and with that alone");
  STEER_CHECK(recipe.count >= 1 && recipe.count <= static_cast<int64_t>(kMaxSeeds) && recipe.batch >= 1 &&
                  recipe.first >= 0 && recipe.first <= static_cast<int64_t>(kMaxSeeds),
              "[recipe] ", where, ": expected count and batch from 1, first from 0, none above ", kMaxSeeds,
              ", but got ", recipe.count, ", ", recipe.batch, " and ", recipe.first);
  seeds_for(recipe.seeds, recipe.count);
  STEER_CHECK(recipe.shown >= -1 && recipe.shown < recipe.count, "[recipe] ", where,
              ": expected shown from -1 to ", recipe.count - 1, " but got ", recipe.shown);
  STEER_CHECK(recipe.zoom >= 1 && recipe.zoom <= 64, "[recipe] ", where,
              ": expected a zoom of 1 to 64 but got ", recipe.zoom);
}

bool name_programs(const std::vector<Call>& calls) {
  return std::any_of(calls.begin(), calls.end(),
                     [](const Call& call) { return call.name == "program" || name_programs(call.terms); });
}

// Whether the last digits of a sample may depend on how many are drawn at once: on GPUs, and for gradients in
// bfloat16.
bool rounds_by_batch(const Recipe& recipe) {
  return recipe.device != "cpu" || (recipe.work == "guide" && recipe.precision != "float32");
}

// Completes the recipe's model and precision.
void complete(Recipe& recipe, const LoadedModel& loaded) {
  const std::string found = fingerprint_text(weight_fingerprint(loaded.model->module()));
  STEER_CHECK(recipe.model.fingerprint.empty() || recipe.model.fingerprint == found, "[recipe] ", loaded.path,
              ": expected the model with fingerprint ", recipe.model.fingerprint, " but this one has ", found,
              "; --model PATH names another");
  recipe.model.fingerprint = found;
  recipe.precision = name(make_precision(recipe.precision, device_of(recipe.device)));
}

// What was given stands before the samples; where there is one for each of several, above it.
int64_t columns_beside(const State& given, int64_t count) {
  if (count > 1 && given.size() == count && count <= kGuidedColumns) return count;
  return std::min(given.size() + count, kGuidedColumns);
}

// What of a chain's telling one model of it is told.
Telling told_to(const Recipe& recipe, const Model& model) {
  Telling telling = recipe.telling;
  if (recipe.then.empty()) return telling;
  if (model.needs().classes == 0) telling.label.clear();
  if (model.needs().values.empty()) telling.value.clear();
  if (!model.needs().given) telling.given.clear();
  return telling;
}

// One stage, from the samples that the one before made, if any.
void put_drawn(RecipeRun& run, const LoadedModel& loaded, const WorkWatch& watch, const State& made) {
  const Recipe& recipe = run.recipe;
  const Generator& generator = as_generator(loaded, recipe.work);
  DrawOptions options;
  options.count = recipe.count, options.seeds = recipe.seeds, options.batch = recipe.batch;
  options.settings = recipe.settings, options.telling = told_to(recipe, generator);
  options.first = recipe.first, options.made = made;
  if (recipe.from) options.begun = *recipe.from;
  const size_t labels = labels_of(options.telling, generator).size();
  if (labels > 1 && labels <= kMostLabelColumns) run.columns = static_cast<int64_t>(labels);
  const Drawn drawn = draw(generator, options, watch);
  if (recipe.from && !recipe.from->files.empty()) {
    run.given = shown_beginning(*recipe.from, run.space);
    run.columns = columns_beside(run.given, recipe.count);
  }
  run.state = drawn.state, run.asked = {drawn.told.label, generator.class_names()}, run.text = drawn.text;
  run.steps = drawn.steps, run.evaluations = drawn.evaluations, run.seconds = drawn.seconds;
  run.recipe.settings = drawn.settings, run.stopped = drawn.stopped;
}

void put_guided(RecipeRun& run, const LoadedModel& loaded, const WorkWatch& watch, bool check,
                const State& made) {
  const Recipe& recipe = run.recipe;
  GuideOptions options = guide_options(recipe);
  options.made = made, options.check = check;
  options.telling = told_to(recipe, *loaded.model);
  const Guided guided = guide(as_generator(loaded, recipe.work), options, device_of(recipe.device), watch);
  run.state = guided.state, run.given = guided.given, run.scores = guided.scores, run.asked = guided.asked;
  run.words = guided.words, run.text = guided.text;
  run.columns = columns_beside(run.given, recipe.count);
  run.steps = guided.steps, run.evaluations = guided.evaluations, run.seconds = guided.seconds;
  run.recipe.settings = guided.settings,
  run.recipe.noise_seed = recipe.noise_seed.value_or(recipe.seeds.at(0));
  run.together = guided.together, run.stopped = guided.stopped, run.beside = guided.beside;
}

void put_stage(RecipeRun& run, const LoadedModel& loaded, const WorkWatch& watch, bool check,
               const State& made = {}) {
  if (run.recipe.work == "sample")
    put_drawn(run, loaded, watch, made);
  else
    put_guided(run, loaded, watch, check, made);
}

// The recipe of a later stage by itself.
Recipe recipe_of_stage(const Recipe& recipe, const Stage& stage) {
  Recipe next = recipe;
  next.model = stage.model, next.settings = stage.settings;
  next.from = Begun{{}, stage.noise, ""};
  return next;
}

// What a run has made so far in the space of the next model, for which `what` stands.
void bring(RecipeRun& run, const Space& space, const std::string& what) {
  if (space == run.space) return;
  const Modality& modality = modality_of(run.space);
  STEER_CHECK(modality.brought && space.kind == run.space.kind, what, ": expected samples ",
              text_of(run.space), ", which the model before makes, but it makes ", text_of(space));
  try {
    run.state = modality.brought(run.state, run.space, space);
    if (run.given.size() > 0) run.given = modality.brought(run.given, run.space, space);
  } catch (const Error& error) {
    fail(what, ": ", error.what());
  }
  run.space = space;
}

// The samples of a run go on with the next model; figures are those of all stages.
void go_on(RecipeRun& run, size_t number, const WorkWatch& watch, bool check) {
  Stage& stage = run.recipe.then[number];
  RecipeRun next;
  next.recipe = recipe_of_stage(run.recipe, stage);
  const LoadedModel loaded = open_for(next.recipe);
  next.space = loaded.model->space();
  bring(run, next.space, "[recipe] then: " + stage.model.path);
  complete(next.recipe, loaded);
  put_stage(next, loaded, watch, check, run.state);
  stage.model.fingerprint = next.recipe.model.fingerprint, stage.settings = next.recipe.settings;
  run.state = next.state, run.scores = next.scores, run.beside = next.beside;
  if (next.given.size() > 0) run.given = next.given;
  if (next.asked.label.defined()) run.asked = next.asked;
  run.text += fmt::format(", then from noise {:g} {}", stage.noise, next.text);
  run.steps += next.steps, run.evaluations += next.evaluations, run.seconds += next.seconds;
  run.together = run.together || next.together, run.stopped = next.stopped;
}

// Takes "settings" out of the JSON: an object, empty where there is none.
Json taken_settings(Json& json, const std::string& where) {
  const Json settings = taken(json, "settings");
  STEER_CHECK(settings.is_null() || settings.is_object(), "[recipe] ", where,
              ": settings: expected a JSON object but got ", in_quotes(json_text(settings)));
  return settings.is_null() ? Json::object() : settings;
}

Stage stage_of(const Json& json, const std::string& where) {
  STEER_CHECK(json.is_object(), "[recipe] ", where, ": expected a JSON object but got ",
              in_quotes(json_text(json)));
  Stage stage;
  Json plain = json;
  stage.settings = taken_settings(plain, where);
  read_options(stage, plain, where);
  return stage;
}

}  // namespace

Json recipe_json(const Recipe& recipe) {
  Json json = options_json(recipe);
  if (recipe.noise_seed) json["noise_seed"] = *recipe.noise_seed;
  if (recipe.from) json["from"] = options_json(*recipe.from);
  for (const Stage& stage : recipe.then) {
    json["then"].push_back(options_json(stage));
    json["then"].back()["settings"] = stage.settings;
  }
  json["settings"] = recipe.settings;
  return json;
}

Recipe recipe_of(const Json& json, const std::string& where) {
  STEER_CHECK(json.is_object(), "[recipe] ", where, ": expected a JSON object but got ",
              in_quotes(json_text(json)));
  Recipe recipe;
  // What another version has inside is not this one's to judge.
  const Json version = json.value("version", Json());
  STEER_CHECK(version.is_number_integer(), "[recipe] ", where, ": expected the version of its format");
  recipe.version = version.get<int64_t>();
  if (recipe.version != kRecipeVersion) check_recipe(recipe, where);
  Json plain = json;
  const Json noise_seed = taken(plain, "noise_seed"), from = taken(plain, "from"),
             then = taken(plain, "then");
  recipe.settings = taken_settings(plain, where);
  read_options(recipe, plain, where);
  STEER_CHECK(noise_seed.is_null() || noise_seed.is_number_integer(), "[recipe] ", where,
              ": noise_seed: expected a whole number but got ", in_quotes(json_text(noise_seed)));
  if (!from.is_null()) read_options(recipe.from.emplace(), from, where + ": from");
  if (!noise_seed.is_null()) recipe.noise_seed = noise_seed.get<int64_t>();
  STEER_CHECK(then.is_null() || then.is_array(), "[recipe] ", where,
              ": then: expected a list of stages but got ", in_quotes(json_text(then)));
  for (const Json& stage : then) recipe.then.push_back(stage_of(stage, where + ": then"));
  check_recipe(recipe, where);
  return recipe;
}

Recipe read_recipe(const std::string& path) {
  const std::string bytes = read_file(path);
  // Formats that hold no texts have their recipe beside them.
  const std::string twin = twin_path(path);
  if (twin != path && file_ending(path) != ".png" && std::filesystem::exists(twin)) return read_recipe(twin);
  const size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || bytes[first] != '{')
    return recipe_of(parse_json(recipe_in_png(bytes, path), path), path);
  const Json json = parse_json(bytes, path);
  return recipe_of(json.is_object() && json.contains("recipe") ? json["recipe"] : json, path);
}

bool runs_programs(const Recipe& recipe) {
  return !recipe.objective.empty() && name_programs(parse_objective(recipe.objective));
}

LoadedModel open_for(const Recipe& recipe) {
  const std::string path = found_or_shipped(recipe.model.path, "models", ".safetensors");
  STEER_CHECK(!path.empty() && std::filesystem::exists(path), "[recipe] ", path,
              ": expected the recipe's model there but it is gone; --model PATH names it");
  LoadedModel loaded = open_model(path, {device_of(recipe.device), recipe.precision});
  Recipe checked = recipe;
  complete(checked, loaded);
  return loaded;
}

void share_settings(Recipe& recipe, const LoadedModel& first) {
  if (recipe.then.empty()) return;
  const Json all = recipe.settings;
  std::vector<std::string> taken_by_some;
  bool classes = false, values = false, given = false;
  const auto share_of = [&](const Generator& generator) {
    const Needs needs = generator.needs();
    classes = classes || needs.classes > 0, given = given || needs.given;
    values = values || !needs.values.empty();
    Json share = Json::object();
    const std::vector<std::string> known = generator.setting_names();
    for (const auto& [key, value] : all.items())
      if (among(key, known)) share[key] = value, taken_by_some.push_back(key);
    return share;
  };
  recipe.settings = share_of(as_generator(first, recipe.work));
  for (Stage& stage : recipe.then) {
    const LoadedModel loaded = open_for(recipe_of_stage(recipe, stage));
    stage.settings = share_of(as_generator(loaded, recipe.work));
  }
  for (const auto& [key, value] : all.items())
    STEER_CHECK(among(key, taken_by_some), "[settings] ", key,
                ": expected a setting of a model of this chain, but none has it");
  STEER_CHECK(recipe.telling.label.empty() || classes,
              "[condition] --label: expected none, because no model of this chain is conditional on classes");
  STEER_CHECK(recipe.telling.value.empty() || values,
              "[condition] --told: expected none, because no model of this chain is told numbers");
  STEER_CHECK(
      recipe.telling.given.empty() || given,
      "[condition] --condition: expected none, because no model of this chain is conditional on images");
}

GuideOptions guide_options(const Recipe& recipe) {
  GuideOptions options;
  options.objective = recipe.objective, options.fit = recipe.fit;
  options.count = recipe.count, options.seeds = recipe.seeds;
  options.settings = recipe.settings, options.telling = recipe.telling;
  options.first = recipe.first, options.noise_seed = recipe.noise_seed;
  if (recipe.from) options.begun = *recipe.from;
  return options;
}

RecipeRun run_recipe(const Recipe& recipe, const LoadedModel& loaded, const WorkWatch& watch, bool check) {
  check_recipe(recipe, recipe.work);
  RecipeRun run;
  run.recipe = recipe;
  run.space = loaded.model->space();
  complete(run.recipe, loaded);
  const size_t stages = 1 + recipe.then.size();
  put_stage(run, loaded, of_part(watch, 0, stages), check && stages == 1);
  for (size_t i = 0; i < recipe.then.size() && !run.stopped; ++i)
    go_on(run, i, of_part(watch, i + 1, stages), check && i + 2 == stages);
  return run;
}

Recipe recipe_of_sample(const RecipeRun& run, int64_t index) {
  Recipe recipe = run.recipe;
  STEER_CHECK(index >= 0 && index < recipe.count, "[recipe] expected a sample from 0 to ", recipe.count - 1,
              " but got ", index);
  const int64_t drawn_with = recipe.work == "sample" ? std::min(recipe.batch, recipe.count) : recipe.count;
  const int64_t size = run.together || rounds_by_batch(recipe) ? drawn_with : 1;
  const int64_t begin = index / size * size;
  const std::vector<int64_t> seeds = seeds_for(recipe.seeds, recipe.count);
  const auto from = seeds.begin() + begin;
  recipe.count = std::min(size, recipe.count - begin);
  recipe.seeds.assign(from, from + (recipe.seeds.size() == 1 ? 1 : recipe.count));
  recipe.first += begin, recipe.shown = index - begin;
  return recipe;
}

}  // namespace steer
