#include "steer/cmd/comparison.h"

#include <fmt/format.h>

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/options.h"

namespace steer {
namespace {

// Everything that suits both families, unless the file names methods.
Json all_methods() {
  Json methods = Json::object();
  methods["greedy"] = {{"family", "ddn"}, {"top", 1}};
  methods["beam 8"] = {{"family", "ddn"}, {"beam", 8}};
  methods["unguided"] = {{"method", "unguided"}};
  for (const std::string& name : climb_names()) methods[name] = {{"method", name}};
  methods["tfg x4"] = {{"method", "tfg"}, {"guidance", {{"climb", {{"recurrence", 4}}}}}};
  for (const char* name : {"best_of", "svdd", "feynman_kac", "tree"}) methods[name] = {{"method", name}};
  return methods;
}

}  // namespace

ComparisonPlan read_comparison(const std::string& path) {
  const Json json = read_json_file(path);
  STEER_CHECK(
      json.is_object() && json.contains("tasks") && json["tasks"].is_array() && !json["tasks"].empty(),
      "[compare] ", path, ": expected {\"tasks\": [...]}, at least one; docs/guidance.md has an example");
  for (const auto& [key, value] : json.items())
    STEER_CHECK(key == "tasks" || key == "methods" || key == "search" || key == "search_samples",
                "[compare] ", path, ": unknown key ", key,
                did_you_mean(key, {"tasks", "methods", "search", "search_samples"}));
  ComparisonPlan plan;
  for (const Json& entry : json["tasks"]) {
    ComparedTask task;
    read_options(task, entry, path);
    STEER_CHECK(!task.objective.empty(), "[compare] ", path, ": expected an objective in every task");
    if (task.name.empty()) task.name = task.objective;
    plan.tasks.push_back(task);
  }
  plan.methods = json.contains("methods") ? json["methods"] : all_methods();
  plan.search = json.value("search", int64_t{0});
  plan.search_samples = json.value("search_samples", int64_t{16});
  return plan;
}

ComparedMethod compared_method(const std::string& name, const Json& json, const std::string& path) {
  ComparedMethod method;
  method.name = name;
  const auto known =
      std::vector<std::string>{"family", "top",      "temperature", "beam",    "particles", "shortlist",
                               "method", "strength", "guidance",    "sampler", "search"};
  for (const auto& [key, value] : json.items())
    STEER_CHECK(std::find(known.begin(), known.end(), key) != known.end(), "[compare] ", path, ": methods.",
                name, ": unknown key ", key, did_you_mean(key, known));
  method.family = json.value("family", json.contains("method") ? "diffusion" : "ddn");
  method.top = json.value("top", 1.0), method.temperature = json.value("temperature", 1.0);
  method.beam = json.value("beam", int64_t{1}), method.particles = json.value("particles", int64_t{0});
  method.shortlist = json.value("shortlist", int64_t{0});
  method.method = json.value("method", "");
  method.strength = json.value("strength", 0.0);
  if (method.family != "diffusion" || method.method == "unguided") return method;
  method.guidance = guidance_preset(method.method, method.strength);
  if (json.contains("guidance")) read_options(method.guidance, json["guidance"], path);
  // Strengths that the file gives are kept.
  const bool told = json.contains("strength") ||
                    (json.contains("guidance") && json["guidance"].contains("climb") &&
                     (json["guidance"]["climb"].contains("rho") || json["guidance"]["climb"].contains("mu")));
  method.searched = climbs(method.guidance.climb) && json.value("search", !told);
  return method;
}

GuidancePlan plan_of(const ComparedMethod& method, const Model& model, const Json& json,
                     const std::string& path) {
  GuidancePlan plan;
  if (method.family == "ddn") {
    plan.ddn.top = method.top, plan.ddn.beam = method.beam, plan.ddn.particles = method.particles;
    plan.ddn.temperature = method.temperature, plan.ddn.shortlist = method.shortlist;
    return plan;
  }
  const auto& diffusion = dynamic_cast<const DiffusionModel&>(model);
  plan.sampler = suited_guided_sampler(diffusion.sampler());
  if (json.contains("sampler")) read_options(*plan.sampler, json["sampler"], path);
  plan.guidance = method.guidance;
  return plan;
}

std::string setting_text(const GuidancePlan& plan, const ComparedMethod& method) {
  if (method.family == "ddn")
    return method.beam > 1 ? fmt::format("{} prefixes side by side", method.beam)
           : method.particles > 0
               ? fmt::format("{} particles, temperature {:g}", method.particles, method.temperature)
               : fmt::format("one of the best {:g}", method.top);
  std::string text = sampler_text(*plan.sampler);
  if (method.method == "unguided") return text;
  const ClimbOptions& c = plan.guidance->climb;
  if (climbs(c)) text += fmt::format("; rho {:g}, mu {:g}, sigma {:g}", c.rho, c.mu, c.sigma);
  if (c.recurrence > 1) text += fmt::format(", recurrence {}", c.recurrence);
  const PopulationOptions& p = plan.guidance->population;
  if (p.method != "none") text += fmt::format("; {} rows, temperature {:g}", p.count, p.temperature);
  return text;
}

}  // namespace steer
