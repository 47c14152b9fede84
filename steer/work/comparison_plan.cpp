#include "steer/work/comparison_plan.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/guidance/presets.h"
#include "steer/models/models.h"

namespace steer {
namespace {

// All methods there are, unless the file names some.
Json all_methods() {
  Json methods = Json::object();
  methods["greedy"] = {{"family", "ddn"}, {"top", 1}};
  methods["beam 8"] = {{"family", "ddn"}, {"beam", 8}};
  methods["known tokens"] = {{"family", "text"}};
  methods["unguided"] = {{"method", "unguided"}};
  methods[kAuto] = {{"method", kAuto}, {"search", false}};
  for (const std::string& name : climb_names()) methods[name] = {{"method", name}};
  methods["tfg x4"] = {{"method", "tfg"}, {"guidance", {{"climb", {{"recurrence", 4}}}}}};
  for (const char* name : {"best_of", "svdd", "feynman_kac", "tree"}) methods[name] = {{"method", name}};
  return methods;
}

std::vector<std::string> keys_of(const Json& json) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  return keys;
}

// The value of a key, of the type of `otherwise`, which stands for a missing one.
template <class T>
T value_at(const Json& json, const std::string& key, const T& otherwise, const std::string& where) {
  if (!json.contains(key)) return otherwise;
  T value = otherwise;
  read_value(&value, json[key], where, key);
  return value;
}

// Whether the settings give strengths, which then are kept.
bool gives_strengths(const Json& settings) {
  if (settings.contains("strength")) return true;
  const Json climb = settings.value("guidance", Json::object()).value("climb", Json::object());
  return climb.contains("rho") || climb.contains("mu");
}

ComparedMethod read_method(const std::string& name, const Json& json, const std::string& path) {
  const std::string where = path + ": methods." + name;
  STEER_CHECK(json.is_object(), "[compare] ", where, ": expected an object with settings");
  ComparedMethod method;
  method.name = name, method.json = json, method.settings = json;
  method.family = value_at(json, "family", std::string(), where);
  const std::string guided_by = value_at(json, "method", std::string(), where);
  method.guided = guided_by != "unguided";
  std::vector<std::string> names = guidance_names();
  names.insert(names.end(), {kAuto, "unguided"});
  STEER_CHECK(guided_by.empty() || among(guided_by, names), "[compare] ", where, ": expected a method of ",
              "guidance or unguided but got ", in_quotes(guided_by), did_you_mean(guided_by, names));
  GuidanceOptions checked;
  if (json.contains("guidance")) read_options(checked, json["guidance"], where + ".guidance");
  if (!method.guided) method.settings.erase("method");
  method.searched = method.guided && value_at(json, "search", !gives_strengths(json), where);
  for (const char* own : {"family", "search"}) method.settings.erase(own);
  std::vector<std::string> known = all_setting_names();
  known.insert(known.end(), {"family", "search"});
  for (const std::string& key : keys_of(json))
    STEER_CHECK(among(key, known), "[compare] ", where, ": unknown key ", key, did_you_mean(key, known));
  return method;
}

}  // namespace

ComparisonPlan read_comparison(const std::string& path) {
  const Json json = read_json_file(path);
  STEER_CHECK(
      json.is_object() && json.contains("tasks") && json["tasks"].is_array() && !json["tasks"].empty(),
      "[compare] ", path, ": expected {\"tasks\": [...]}, at least one; docs/guidance.md has an example");
  const std::vector<std::string> known = {"tasks", "methods", "search", "search_samples"};
  for (const std::string& key : keys_of(json))
    STEER_CHECK(among(key, known), "[compare] ", path, ": unknown key ", key, did_you_mean(key, known));
  ComparisonPlan plan;
  plan.path = path;
  for (const Json& entry : json["tasks"]) {
    ComparedTask task;
    read_options(task, entry, path);
    STEER_CHECK(!task.objective.empty(), "[compare] ", path, ": expected an objective in every task");
    if (task.name.empty()) task.name = task.objective;
    plan.tasks.push_back(task);
  }
  const Json methods = json.contains("methods") ? json["methods"] : all_methods();
  STEER_CHECK(methods.is_object(), "[compare] ", path, ": expected methods as an object, each by its name");
  for (const auto& [name, method] : methods.items()) plan.methods.push_back(read_method(name, method, path));
  plan.search = value_at(json, "search", plan.search, path);
  plan.search_samples = value_at(json, "search_samples", plan.search_samples, path);
  STEER_CHECK(plan.search >= 0 && plan.search_samples > 0, "[compare] ", path,
              ": expected search of at least 0 and search_samples of at least 1");
  return plan;
}

bool runs_with(const ComparedMethod& method, const Generator& generator) {
  return takes_settings(generator, keys_of(method.settings), method.family);
}

Json settings_for(const ComparedMethod& method, const Generator& generator, const Objective& objective) {
  Json settings = method.settings;
  if (takes_settings(generator, {"top"}) && !settings.contains("top")) settings["top"] = 1;
  if (!method.guided && takes_settings(generator, {"method"})) {
    // Best of many goes with every objective and solver: here it stands for any guidance, whose sampler is
    // asked for.
    settings["method"] = "best_of";
  }
  return generator.plan(&objective, settings)->settings();
}

}  // namespace steer
