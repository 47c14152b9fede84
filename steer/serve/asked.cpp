#include "steer/serve/asked.h"

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/work/preset_files.h"
#include "steer/work/prior_files.h"

namespace steer {
namespace {

constexpr const char* kWhere = "job";

// The body of a search.
struct SearchAsked {
  std::string kind, model, objective, metric, judge, method = "doubling", label, told;
  int64_t samples = 32, keep = 2, sweeps = 6, budget = 0, confirm = 0, seed = 0;
  std::vector<std::string> knobs;

  void fields(OptionFields& f) {
    f("kind", kind, "search");
    f("model", model, "name of a diffusion model");
    f("objective", objective, "what is wanted, in words");
    f("metric", metric, "what to select by; empty: accuracy with a judge, else score");
    f("judge", judge, "name of a classifier that judges; empty: none");
    f("method", method, "doubling or halving");
    f("label", label, "classes that samples are told");
    f("told", told, "numbers that samples are told");
    f("samples", samples, "of a trial", at_least(1));
    f("keep", keep, "doubling: the best so many have children", from_to(1, 1000));
    f("sweeps", sweeps, "doubling: rounds of children", from_to(0, 1000));
    f("budget", budget, "the most samples in all; 0: no limit", at_least(0));
    f("confirm", confirm, "the best is measured again on so many other samples", at_least(0));
    f("seed", seed, "of the first sample of every trial", at_least(0));
    f("knobs", knobs, "NAME=START:FACTOR:CAP; none: those of the method");
  }
};

const std::string& kind_of(const NamedFiles& files, const std::string& model, std::string& kind) {
  files.model(model);  // said where there is none
  kind = files.models().at(model)["space"].value("kind", "");
  return kind;
}

std::string checked_words(const std::string& words, const std::string& model, const NamedFiles& files,
                          const AskedLimits& limits) {
  STEER_CHECK(static_cast<int64_t>(words.size()) <= limits.words, "[job] objective: expected at most ",
              limits.words, " bytes but got ", words.size());
  std::string kind;
  return with_paths(words, kind_of(files, model, kind), files, limits.programs);
}

void check_number(const Json& settings, const char* name, int64_t most) {
  const Json value = settings.value(name, Json());
  STEER_CHECK(!value.is_number() || value.get<double>() <= static_cast<double>(most), "[job] settings.", name,
              ": expected at most ", most, " but got ", json_text(value));
}

// No value of a setting is a path.
void check_plain(const Json& value, const std::string& name) {
  if (value.is_structured())
    for (const auto& [key, inside] : value.items()) check_plain(inside, name);
  STEER_CHECK(!value.is_string() || value.get<std::string>().find('/') == std::string::npos,
              "[job] settings.", name, ": expected no path");
}

// Presets and priors that ship with a model may be named; all else are plain values.
Json checked_settings(Json settings, const std::string& model, const NamedFiles& files,
                      const AskedLimits& limits) {
  if (settings.is_null()) settings = Json::object();
  STEER_CHECK(settings.is_object(), "[job] settings: expected a JSON object but got ", json_text(settings));
  const std::string path = files.model(model);
  for (const auto& [name, value] : settings.items()) check_plain(value, name);
  if (settings.value("preset", Json()).is_string()) {
    const auto name = settings["preset"].get<std::string>();
    STEER_CHECK(among(name, presets_of(path)), "[job] settings.preset: expected a preset of ", model,
                " but got ", in_quotes(name), did_you_mean(name, presets_of(path)));
    settings["preset"] = read_preset(name, path);
  }
  if (settings.contains("prior")) {
    STEER_CHECK(settings["prior"] == true,
                "[job] settings.prior: expected true, for the prior beside the model");
    settings["prior"] = prior_path(path);
  }
  for (const char* name : {"beam", "particles", "best_of"}) check_number(settings, name, limits.rows);
  check_number(settings, "steps", limits.steps);
  for (const char* part : {"guidance", "sampler"})
    STEER_CHECK(settings.value(part, Json::object()).is_object(), "[job] settings.", part,
                ": expected a JSON object");
  return settings;
}

}  // namespace

Recipe recipe_asked(const Json& body, const NamedFiles& files, const AskedLimits& limits) {
  STEER_CHECK(body.is_object() && body.size() == 2 && body.contains("recipe") && body["recipe"].is_object(),
              "[job] expected {\"kind\": \"samples\", \"recipe\": {...}}");
  Json json = body["recipe"];
  if (!json.contains("version")) json["version"] = 1;
  Recipe recipe = recipe_of(json, kWhere);
  STEER_CHECK(recipe.count <= limits.samples, "[job] count: expected at most ", limits.samples, " but got ",
              recipe.count);
  const std::string model = recipe.model.path;
  if (!recipe.objective.empty()) recipe.objective = checked_words(recipe.objective, model, files, limits);
  recipe.settings = checked_settings(recipe.settings, model, files, limits);
  recipe.model.path = files.model(model);
  for (std::string& given : recipe.telling.given) given = files.upload(given);
  if (recipe.from)
    for (std::string& file : recipe.from->files) file = files.upload(file);
  for (Stage& stage : recipe.then) {
    stage.settings = checked_settings(stage.settings, stage.model.path, files, limits);
    stage.model.path = files.model(stage.model.path);
  }
  return recipe;
}

SearchingOptions search_asked(const Json& body, const NamedFiles& files, const AskedLimits& limits) {
  STEER_CHECK(body.is_object(), "[job] expected a JSON object");
  Json plain = body;
  const Json settings = plain.value("settings", Json());
  plain.erase("settings");
  SearchAsked asked;
  read_options(asked, plain, kWhere);
  STEER_CHECK(!asked.objective.empty(), "[job] objective: expected what is wanted, in words");
  for (const auto& [name, number] : {std::pair{"samples", asked.samples}, {"confirm", asked.confirm}})
    STEER_CHECK(number <= limits.samples, "[job] ", name, ": expected at most ", limits.samples, " but got ",
                number);
  STEER_CHECK(among(asked.method, {"doubling", "halving"}),
              "[job] method: expected doubling or halving but got ", in_quotes(asked.method));
  SearchingOptions options;
  options.objective = checked_words(asked.objective, asked.model, files, limits);
  options.settings = checked_settings(settings, asked.model, files, limits);
  options.run = files.model(asked.model);
  options.metric = asked.metric, options.knobs = asked.knobs, options.confirm = asked.confirm;
  if (!asked.judge.empty()) options.yardsticks.judge = files.guide(asked.judge);
  options.telling.label = asked.label, options.telling.value = asked.told;
  options.seed = static_cast<uint64_t>(asked.seed);
  options.search.method = asked.method, options.search.keep = asked.keep;
  options.search.sweeps = asked.sweeps, options.search.samples = asked.samples;
  options.search.budget = asked.budget;
  return options;
}

}  // namespace steer
