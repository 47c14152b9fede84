#include "steer/cmd/guidance.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "steer/core/check.h"
#include "steer/core/options.h"

namespace steer {
void GuidanceFlags::add_to(CLI::App* command) {
  command_ = command;
  command
      ->add_option("--top", top,
                   "a ddn picks at random among this many best candidates; 1 = always the best; below 1 a "
                   "share of them, as 0.1")
      ->capture_default_str()
      ->check(CLI::Range(1e-6, 1e6));
  command
      ->add_option(
          "--beam", beam,
          "of a ddn: search with this many prefixes side by side and give the best; 1 = greedy, with "
          "--top")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  command
      ->add_option(
          "--particles", particles,
          "particles of each sample, of a ddn resampled at every layer, of a diffusion at every step: "
          "draws from the posterior, no gradient needed; 0 = none")
      ->capture_default_str()
      ->check(CLI::Range(0, 10000));
  command->add_option("--temperature", temperature, "of --particles: divides the scores")
      ->capture_default_str()
      ->check(CLI::Range(1e-9, 1e9));
  command
      ->add_option("--shortlist", shortlist,
                   "of a ddn: candidates that an objective which must look at images sees at each layer: the "
                   "best by its linear terms, else some far apart; 0 = all")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000000));
  command->add_option("--levels", levels,
                      "of a ddn: guide only the layers a:b (from 1; a: and :b stand for the rest), the "
                      "others at random; of a diffusion: the grid of noise levels, such as karras");
  command
      ->add_option("--method", method,
                   "how a diffusion is guided: " + fmt::format("{}", fmt::join(guidance_names(), ", ")) +
                       " (default: pigdm for linear objectives, tfg where there is a gradient, else "
                       "feynman_kac)")
      ->check(CLI::IsMember(guidance_names()));
  command->add_option("--strength", strength, "of a diffusion: strength of the method (default: its own, 1)")
      ->check(CLI::Range(0.0, 1e9));
  command->add_option("--recurrence", recurrence, "of a diffusion: times that each step is made")
      ->check(CLI::Range(1, 10000));
  command->add_option("--preset", preset, "of a diffusion: a file of settings, as steer search writes");
  command
      ->add_option(
          "--guidance", sets,
          "of a diffusion, any other setting: --guidance climb.rho=2 (repeatable; docs/guidance.md has "
          "all)")
      ->allow_extra_args(false);
}

GuidancePlan GuidanceFlags::ddn_plan() const {
  GuidancePlan plan;
  SampleRequest& request = plan.ddn;
  request.top = top;
  request.beam = beam;
  request.particles = particles;
  request.temperature = temperature;
  request.shortlist = shortlist;
  plan.text = beam > 1        ? fmt::format("beam of {}", beam)
              : particles > 0 ? fmt::format("{} particles", particles)
                              : fmt::format("the best {:g} candidates", top);
  if (levels.empty()) return plan;
  const size_t colon = levels.find(':');
  const auto number = [&](const std::string& text, int64_t otherwise) {
    const bool digits = text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos;
    STEER_CHECK(colon != std::string::npos && digits, "[levels] expected a:b, as 3:10, but got ",
                in_quotes(levels));
    return text.empty() ? otherwise : std::stoll(text);
  };
  request.first_level = number(levels.substr(0, colon), 1);
  request.last_level = colon == std::string::npos ? number("", 0) : number(levels.substr(colon + 1), 0);
  return plan;
}

GuidanceOptions GuidanceFlags::guidance_of(const Objective& objective, const Json& from_file) const {
  std::string name = method;
  // Particles alone, unless a method or a file says what else.
  if (name.empty() && particles > 0 && from_file.is_null()) name = "feynman_kac";
  if (name.empty()) name = suited_method(objective);
  GuidanceOptions guidance = guidance_preset(name, strength);
  if (!from_file.is_null()) read_options(guidance, from_file, preset);
  if (recurrence > 0) guidance.climb.recurrence = recurrence;
  if (particles > 0) {
    if (guidance.population.method == "none") guidance.population.method = "feynman_kac";
    guidance.population.count = particles;
  }
  if (given("--temperature")) guidance.population.temperature = temperature;
  Json json = Json::object();
  for (const std::string& set : sets) apply_set(json, set);
  read_options(guidance, json, "--guidance");
  return guidance;
}

GuidancePlan GuidanceFlags::plan(const Model& model, const Objective& objective,
                                 const SamplerFlags& sampling) const {
  const auto refuse = [&](std::initializer_list<const char*> flags, const char* family) {
    for (const char* flag : flags)
      STEER_CHECK(!given(flag), "[guide] ", flag, ": expected a ", family, " but got a ", model.family());
  };
  if (model.family() != "diffusion") {
    refuse({"--method", "--strength", "--recurrence", "--preset", "--guidance"}, "diffusion model");
    sampling.options(model);
    return ddn_plan();
  }
  refuse({"--top", "--beam", "--shortlist"}, "ddn");
  GuidancePlan plan;
  const Json file = preset.empty() ? Json::object() : read_preset(preset);
  plan.sampler = sampling.guided_options(model, file.value("sampler", Json::object()), preset);
  plan.guidance = guidance_of(objective, file.value("guidance", Json()));
  check_population(plan.guidance->population, plan.sampler->solver);
  check_together(*plan.guidance);
  if (climbs(plan.guidance->climb)) {
    const std::string form = checked_form(plan.guidance->climb, plan.sampler->solver);
    const ImageShape shape = model.shape();
    const Smoothed checked(objective, shape.height, shape.width);
    plan.text = fmt::format("gradient (form {})", form);
  }
  const PopulationOptions& population = plan.guidance->population;
  if (population.method != "none")
    plan.text +=
        fmt::format("{}{} of {}", plan.text.empty() ? "" : ", ", population.method, population.count);
  plan.text += "; " + sampler_text(*plan.sampler);
  return plan;
}

void GuidancePlan::put_into(SampleRequest& request) const {
  if (guidance) {
    request.sampler = &*sampler;
    request.guidance = &*guidance;
    return;
  }
  request.top = ddn.top;
  request.beam = ddn.beam;
  request.particles = ddn.particles;
  request.temperature = ddn.temperature;
  request.shortlist = ddn.shortlist;
  request.first_level = ddn.first_level;
  request.last_level = ddn.last_level;
}

Json GuidancePlan::json() const {
  if (guidance) return {{"guidance", options_json(*guidance)}, {"sampler", options_json(*sampler)}};
  Json json = {{"top", ddn.top}};
  if (ddn.beam > 1) json = {{"beam", ddn.beam}};
  if (ddn.particles > 0) json = {{"particles", ddn.particles}, {"temperature", ddn.temperature}};
  if (ddn.shortlist > 0) json["shortlist"] = ddn.shortlist;
  if (ddn.first_level > 1 || ddn.last_level > 0)
    json["levels"] =
        fmt::format("{}:{}", ddn.first_level, ddn.last_level > 0 ? std::to_string(ddn.last_level) : "");
  return json;
}

Json read_preset(const std::string& path) {
  const Json json = read_json_file(path);
  STEER_CHECK(json.is_object() && (json.contains("guidance") || json.contains("sampler")), "[preset] ", path,
              ": expected an object with guidance or sampler, as steer search writes");
  return json;
}

}  // namespace steer
