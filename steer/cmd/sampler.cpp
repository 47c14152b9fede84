#include "steer/cmd/sampler.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "steer/core/check.h"
#include "steer/core/options.h"

namespace steer {
void SamplerFlags::add_to(CLI::App* command) {
  command_ = command;
  command
      ->add_option("--solver", solver,
                   "of a diffusion: " + fmt::format("{}", fmt::join(solver_names(), ", ")))
      ->check(CLI::IsMember(solver_names()));
  // A command that guides has --levels already, with two meanings.
  shares_levels_ = command->get_option_no_throw("--levels");
  if (!shares_levels_)
    command->add_option(
        "--levels", levels,
        "of a diffusion, the grid of noise levels: " + fmt::format("{}", fmt::join(level_names(), ", ")));
  command->add_option("--steps", steps, "of a diffusion: steps of the solver")->check(CLI::Range(1, 100000));
  command
      ->add_option("--process", process,
                   "of a diffusion: draw on the grid of this process, whatever the model was trained on: " +
                       fmt::format("{}", fmt::join(process_names(), ", ")))
      ->check(CLI::IsMember(process_names()));
  command->add_option("--eta", eta, "of a diffusion: share of fresh noise, 0 to 1")
      ->check(CLI::Range(0.0, 1.0));
  command->add_option("--scale", scale,
                      "of a class-conditional diffusion: 1 follows the class as trained, more exaggerates it "
                      "(classifier-free guidance, two evaluations per step), 0 ignores it");
  command
      ->add_option("--sampler", sets,
                   "of a diffusion, any other option of its sampler: --sampler solver.churn=40 (repeatable; "
                   "names as in steer train --help under diffusion.sampler)")
      ->allow_extra_args(false);
}

std::optional<SamplerOptions> SamplerFlags::options(const Model& model) const {
  const auto* diffusion = dynamic_cast<const DiffusionModel*>(&model);
  if (!diffusion) {
    for (const char* flag : {"--solver", "--levels", "--steps", "--process", "--eta", "--scale", "--sampler"})
      STEER_CHECK(!given(flag) || (shares_levels_ && std::string(flag) == "--levels"), "[sample] ", flag,
                  ": expected a diffusion model but got a ", model.family());
    return std::nullopt;
  }
  return flags_over(diffusion->sampler(), *diffusion, false);
}

SamplerOptions SamplerFlags::guided_options(const Model& model, const Json& preset,
                                            const std::string& path) const {
  const auto& diffusion = dynamic_cast<const DiffusionModel&>(model);
  SamplerOptions sampler = suited_guided_sampler(diffusion.sampler());
  read_options(sampler, preset, path);
  return flags_over(sampler, diffusion, true);
}

SamplerOptions SamplerFlags::flags_over(SamplerOptions sampler, const DiffusionModel& model,
                                        bool guided) const {
  if (given("--process") && process != model.process().type()) {
    sampler = suited_sampler(process);
    if (guided) sampler = suited_guided_sampler(sampler);
    sampler.process = process;
  }
  if (given("--solver")) {
    sampler.solver = {};
    sampler.solver.name = solver;
  }
  if (given("--levels")) {
    const int64_t kept = sampler.levels.steps;
    sampler.levels = {};
    sampler.levels.type = command_->get_option("--levels")->as<std::string>();
    sampler.levels.steps = kept;
  }
  if (given("--steps")) sampler.levels.steps = steps;
  if (given("--eta")) sampler.solver.eta = eta;
  if (given("--scale")) sampler.scale = scale;
  Json json = Json::object();
  for (const std::string& set : sets) apply_set(json, set);
  read_options(sampler, json, "--sampler");
  model.levels(sampler);  // refuses a grid that does not exist before anything runs
  make_step(sampler.solver, {}, sampler.levels.steps);
  return sampler;
}

Json sampler_json(const SamplerOptions& sampler) {
  return options_json(sampler);
}

std::string sampler_text(const SamplerOptions& sampler) {
  std::string text =
      sampler.solver.name == "dopri5"
          ? fmt::format("dopri5, tolerances {:g} and {:g}", sampler.solver.rtol, sampler.solver.atol)
          : fmt::format("{}, {} {} levels", sampler.solver.name, sampler.levels.steps, sampler.levels.type);
  if (!sampler.process.empty()) text += " of " + sampler.process;
  if (sampler.scale != 1) text += fmt::format(", scale {:g}", sampler.scale);
  return text;
}

}  // namespace steer
