#include "steer/cmd/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/discrete/token_solver.h"
#include "steer/guidance/presets.h"
#include "steer/guidance/token_guide.h"
#include "steer/models/models.h"
#include "steer/work/preset_files.h"
#include "steer/work/prior_files.h"

namespace steer {

namespace {

std::vector<std::string> all_solvers() {
  std::vector<std::string> names = solver_names();
  for (const Named& solver : token_solvers()) names.push_back(solver.name);
  return names;
}

// Of a diffusion and of models of text; auto is of both.
std::vector<std::string> method_names() {
  std::vector<std::string> names = guidance_names();
  names.insert(names.begin(), kAuto);
  for (const Named& method : token_methods())
    if (!among(method.name, names)) names.push_back(method.name);
  return names;
}

}  // namespace

bool SettingsFlags::given(const std::string& flag) const {
  const CLI::Option* option = command_->get_option_no_throw(flag);
  return option && option->count() > 0;
}

void SettingsFlags::add_drawing_to(CLI::App* command) {
  command_ = command;
  command
      ->add_option("--solver", solver_,
                   fmt::format("of a diffusion: {}; of text: {}", fmt::join(solver_names(), ", "),
                               fmt::join(names_of(token_solvers()), ", ")))
      ->check(CLI::IsMember(all_solvers()));
  // A command that guides has --levels already, with two meanings.
  if (!command->get_option_no_throw("--levels"))
    command->add_option(
        "--levels", levels_,
        "of a diffusion, the grid of noise levels: " + fmt::format("{}", fmt::join(level_names(), ", ")));
  command->add_option("--steps", steps_, "of a diffusion or text: steps of the solver")
      ->check(CLI::Range(1, 100000));
  command
      ->add_option("--nucleus", nucleus_,
                   "of text: predictions are cut to the likeliest tokens of this share")
      ->check(CLI::Range(0.0, 1.0));
  command->add_option("--length", length_, "of text: tokens of a sample")->check(CLI::Range(1, 1 << 20));
  command
      ->add_option("--process", process_,
                   "of a diffusion: draw on the grid of this process, whatever the model was trained on: " +
                       fmt::format("{}", fmt::join(process_names(), ", ")))
      ->check(CLI::IsMember(process_names()));
  command->add_option("--eta", eta_, "of a diffusion: share of fresh noise, 0 to 1")
      ->check(CLI::Range(0.0, 1.0));
  command->add_option("--scale", scale_,
                      "of a class-conditional diffusion: 1 follows the class as trained, more exaggerates it "
                      "(classifier-free guidance, two evaluations per step), 0 ignores it");
  command
      ->add_option("--sampler", sampler_,
                   "of a diffusion, any other option of its sampler: --sampler solver.churn=40 (repeatable; "
                   "names as in steer train --help under diffusion.sampler)")
      ->allow_extra_args(false);
  command
      ->add_option(
          "--prior", prior_,
          "draw a ddn's codes from its learned prior instead of all alike, or let an objective choose by "
          "its score and the prior together; FILE may be left out "
          "(default: RUN/prior.safetensors, beside a file NAME.safetensors NAME_prior.safetensors)")
      ->expected(0, 1);
  if (!command->get_option_no_throw("--temperature"))
    command
        ->add_option(
            "--temperature", temperature_,
            "of text, and with --prior of a ddn: below 1 what is likely comes more often, above 1 less "
            "often; of text 0 takes the likeliest")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 20.0));
}

void SettingsFlags::add_guidance_to(CLI::App* command) {
  command_ = command;
  command
      ->add_option("--top", top_,
                   "a ddn picks at random among this many best candidates; 1 = always the best; below 1 a "
                   "share of them, as 0.1")
      ->capture_default_str()
      ->check(CLI::Range(1e-6, 1e6));
  command
      ->add_option(
          "--beam", beam_,
          "of a ddn: search with this many prefixes side by side and give the best; 1 = greedy, with "
          "--top")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  command
      ->add_option(
          "--best-of", best_of_,
          "of a ddn: draw so many whole samples for each and give the best, choosing nothing on the way")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  command
      ->add_option("--particles", particles_,
                   "particles of each sample, of a ddn resampled at every layer, of a diffusion or a text at "
                   "every step: "
                   "draws from the posterior, no gradient needed; 0 = none")
      ->capture_default_str()
      ->check(CLI::Range(0, 10000));
  command->add_option("--temperature", temperature_, "of --particles: divides the scores")
      ->capture_default_str()
      ->check(CLI::Range(1e-9, 1e9));
  command
      ->add_option("--shortlist", shortlist_,
                   "of a ddn: candidates that an objective which must look at images sees at each layer: the "
                   "best by its linear terms, else some far apart; 0 = all")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000000));
  command->add_option("--layers", layers_,
                      "of a ddn: guide only the layers a:b (from 1; a: and :b stand for the rest), the "
                      "others at random");
  command->add_option("--levels", levels_,
                      "of a diffusion: the grid of noise levels, such as karras (of a ddn: as --layers)");
  command
      ->add_option(
          "--method", method_,
          fmt::format(
              "how a diffusion is guided: auto (as suits the objective: docs/guidance.md), {}; a model of "
              "text: auto (docs/text.md), {}",
              fmt::join(guidance_names(), ", "), fmt::join(names_of(token_methods()), ", ")))
      ->check(CLI::IsMember(method_names()));
  command
      ->add_option(
          "--strength", strength_,
          "of a diffusion or a model of text: strength of the method; 0 guides nothing (default: its own, 1)")
      ->check(CLI::Range(0.0, 1e9));
  command->add_option("--recurrence", recurrence_, "of a diffusion: times that each step is made")
      ->check(CLI::Range(1, 10000));
  command->add_option("--preset", preset_,
                      "of a diffusion: a file of settings, as steer search writes, or one that "
                      "ships with the model, by name (steer info MODEL)");
  command
      ->add_option(
          "--guidance", guidance_,
          "of a diffusion, any other setting: --guidance climb.rho=2 (repeatable; docs/guidance.md has "
          "all)")
      ->allow_extra_args(false);
}

Json SettingsFlags::settings(const std::string& run) const {
  Json json = Json::object();
  const auto put = [&](const char* name, const Json& value) {
    if (given(std::string("--") + name)) json[name] = value;
  };
  put("top", top_), put("beam", beam_), put("particles", particles_), put("temperature", temperature_);
  put("shortlist", shortlist_), put("levels", levels_), put("method", method_), put("strength", strength_);
  if (!layers_.empty()) json["levels"] = layers_;
  if (given("--best-of")) json["best_of"] = best_of_;
  put("recurrence", recurrence_), put("solver", solver_), put("process", process_), put("steps", steps_);
  put("eta", eta_), put("scale", scale_), put("nucleus", nucleus_), put("length", length_);
  if (given("--preset")) json["preset"] = read_preset(preset_, run);
  if (given("--prior")) json["prior"] = prior_.empty() ? prior_name(run) : prior_;
  for (const auto& [name, sets] : {std::pair{"guidance", &guidance_}, {"sampler", &sampler_}}) {
    if (sets->empty()) continue;
    Json all = Json::object();
    for (const std::string& set : *sets) apply_set(all, set);
    json[name] = all;
  }
  return json;
}

}  // namespace steer
