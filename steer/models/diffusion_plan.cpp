#include "steer/models/diffusion_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/notice.h"
#include "steer/core/options.h"
#include "steer/guidance/guide.h"
#include "steer/guidance/presets.h"
#include "steer/models/diffusion_beginning.h"
#include "steer/models/diffusion_model.h"
#include "steer/nn/frozen.h"
#include "steer/objectives/coupled.h"

namespace steer {
namespace {

// The settings as they came: the short ones, and the objects before and after them.
struct Read {
  DiffusionSettings brief;
  Json preset_guidance, preset_sampler, guidance, sampler;  // null where there is none
};

// What steer search notes in a preset beside its settings.
const std::vector<std::string>& preset_notes() {
  static const std::vector<std::string> names = {"objective", "run",     "label",  "metric",
                                                 "value",     "samples", "trials", "samples_in_all",
                                                 "confirmed", "check"};
  return names;
}

// Error unless a preset holds settings, and beside them nothing but what a search notes.
void check_preset(const Json& preset) {
  STEER_CHECK(preset.is_object(), "[settings] preset: expected an object with guidance or sampler");
  std::vector<std::string> known = {"guidance", "sampler"}, unknown;
  known.insert(known.end(), preset_notes().begin(), preset_notes().end());
  for (const auto& [key, value] : preset.items())
    if (!among(key, known)) unknown.push_back(key);
  STEER_CHECK(unknown.empty(),
              "[settings] preset: expected guidance and sampler, as steer search writes, but got ",
              fmt::format("{}", fmt::join(unknown, ", ")),
              unknown.size() == 1 ? did_you_mean(unknown[0], known) : "");
}

Read read_settings(const Json& settings, const DiffusionModel& model) {
  Read read;
  check_settings(settings, model.setting_names(), model.family());
  if (settings.is_null()) return read;
  Json brief = settings;
  const Json preset = brief.value("preset", Json::object());
  check_preset(preset);
  read.preset_guidance = preset.value("guidance", Json()),
  read.preset_sampler = preset.value("sampler", Json());
  read.guidance = brief.value("guidance", Json()), read.sampler = brief.value("sampler", Json());
  for (const char* key : {"preset", "guidance", "sampler"}) brief.erase(key);
  read_options(read.brief, brief, "settings");
  return read;
}

template <class O>
void lay_over(O& options, const Json& json, const std::string& where) {
  if (!json.is_null()) read_options(options, json, where);
}

// Another solver with constants of its own. The range of the answers and the variance are the model's, and
// stay.
SolverOptions of_another_name(const SolverOptions& solver, const std::string& name) {
  if (name == solver.name) return solver;
  SolverOptions other;
  other.name = name;
  other.clip_x0 = solver.clip_x0, other.clip_range = solver.clip_range;
  other.keep_eps = solver.keep_eps, other.variance = solver.variance;
  return other;
}

SamplerOptions sampler_of(const Read& read, const DiffusionModel& model, bool guided) {
  const DiffusionSettings& brief = read.brief;
  SamplerOptions sampler =
      guided ? suited_guided_sampler(model.sampler(), model.process().type()) : model.sampler();
  lay_over(sampler, read.preset_sampler, "preset");
  if (!brief.process.empty() && brief.process != model.process().type()) {
    sampler = suited_sampler(brief.process);
    if (guided) sampler = suited_guided_sampler(sampler, brief.process);
    sampler.process = brief.process;
  }
  if (!brief.solver.empty()) {
    sampler.solver = of_another_name(sampler.solver, brief.solver);
  }
  if (!brief.levels.empty()) {
    const int64_t kept = sampler.levels.steps;
    sampler.levels = {};
    sampler.levels.type = brief.levels;
    sampler.levels.steps = kept;
  }
  if (brief.steps > 0) sampler.levels.steps = brief.steps;
  if (brief.eta >= 0) sampler.solver.eta = brief.eta;
  if (brief.scale >= 0) sampler.scale = brief.scale;
  lay_over(sampler, read.sampler, "--sampler");
  make_step(sampler.solver, {}, sampler.levels.steps);
  return sampler;
}

// Whole settings that were written before steps could be safe; they repeat what they stood for.
bool unsafe_of_old(const Json& guidance) {
  if (!guidance.is_object() || !guidance.contains("climb") || !guidance["climb"].is_object()) return false;
  const Json& climb = guidance["climb"];
  return climb.contains("form") && climb.contains("rho") && climb.contains("draws") &&
         !climb.contains("safe");
}

// The same of temperatures, before there were other units than nats.
bool nats_of_old(const Json& guidance) {
  if (!guidance.is_object() || !guidance.contains("population") || !guidance["population"].is_object())
    return false;
  const Json& population = guidance["population"];
  return population.contains("temperature") && !population.contains("spread");
}

// The method that suits, where neither a method nor other settings say how to guide.
std::string picked_method(const Read& read, const Objective& objective, const Space& space) {
  const std::string& named = read.brief.method;
  const bool choose = (named.empty() && read.brief.particles == 0) || named == kAuto;
  return choose && read.preset_guidance.is_null() && read.guidance.is_null()
             ? method_for(kAuto, objective, space)
             : "";
}

// Whether nobody says how steps are made, so that they may be fewer and each made several times.
bool free_to_repeat(const Read& read) {
  const DiffusionSettings& brief = read.brief;
  return brief.steps == 0 && brief.recurrence == 0 && brief.solver.empty() && brief.levels.empty() &&
         brief.process.empty() && brief.eta < 0 && read.sampler.is_null() && read.preset_sampler.is_null();
}

GuidanceOptions guidance_of(const Read& read, const Objective& objective, const Space& space) {
  const DiffusionSettings& brief = read.brief;
  std::string name = brief.method == kAuto ? "" : brief.method;
  // Particles alone, unless a method or a preset says what else.
  if (name.empty() && brief.particles > 0 && read.preset_guidance.is_null()) name = "feynman_kac";
  GuidanceOptions guidance = suited_guidance(name, brief.strength, objective, space);
  if (unsafe_of_old(read.preset_guidance) || unsafe_of_old(read.guidance)) guidance.climb.safe = false;
  if (nats_of_old(read.preset_guidance) || nats_of_old(read.guidance) || brief.temperature > 0)
    guidance.population.spread = false, guidance.population.temperature = 1;
  lay_over(guidance, read.preset_guidance, "preset");
  if (brief.recurrence > 0) guidance.climb.recurrence = brief.recurrence;
  if (brief.particles > 0) {
    if (guidance.population.method == "none") guidance.population.method = "feynman_kac";
    guidance.population.count = brief.particles;
  }
  if (brief.temperature > 0) guidance.population.temperature = brief.temperature;
  lay_over(guidance, read.guidance, "--guidance");
  return guidance;
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

// Numbers as samples at these places.
State placed(const Tensor& x, const Tensor& places) {
  State state(x);
  state.mask = places;
  return state;
}

// What the watch sees of a solver's step. Of several rows of a sample the first is shown.
SolverObserver observer_of(const Watch& watch, const Space& space, const Tensor& places, int64_t rows_each,
                           bool& stopped) {
  if (!watch) return {};
  const auto first_of = [rows_each](const Tensor& rows) {
    return rows_each == 1 || !rows.defined() ? rows : rows.unflatten(0, {-1, rows_each}).select(1, 0);
  };
  return [&watch, &stopped, space, places, first_of](const SolverStep& step) {
    Glimpse glimpse;
    glimpse.index = step.index, glimpse.of = step.steps, glimpse.sigma = step.sigma_next;
    glimpse.sample = [&]() -> State {
      if (!step.x0.defined()) return {};
      return placed(first_of(within(space, step.x0).to(torch::kFloat32)), first_of(places));
    };
    stopped = !watch(glimpse);
    return !stopped;
  };
}

class DiffusionPlan : public Plan {
 public:
  DiffusionPlan(const DiffusionModel& model, const SamplerOptions& sampler)
      : model_(model), space_(model.space()), sampler_(sampler), grid_(model.levels(sampler)) {}

  Json settings() const override { return {{"sampler", options_json(sampler_)}}; }
  std::string text() const override { return sampler_text(sampler_); }

  int64_t evaluations() const override {
    if (sampler_.solver.name == "dopri5") return 0;
    // The solver itself counts, on one number.
    const auto calls = std::make_shared<int64_t>(0);
    const Denoiser nothing = [](const Tensor& x, const Tensor&) { return at::zeros_like(x); };
    const Tensor seeds = at::zeros({1}, torch::kInt64);
    solve(counted(nothing, calls), starting_noise(seeds, {1}, grid_[0].item<double>()), grid_,
          sampler_.solver, seeds);
    const bool both = sampler_.scale != 1 && sampler_.scale != 0;
    return both ? 2 * *calls : *calls;
  }

  Samples draw(const DrawRequest& request, const Watch& watch) const override {
    check_told(request);
    if (request.begin.from.defined() && request.begin.noise == 0) return as_they_are(request);
    const torch::NoGradGuard no_grad;
    const Frozen frozen(model_.freezer());
    const Tensor seeds = request.seeds.to(model_.device());
    const auto calls = std::make_shared<int64_t>(0);
    const Tensor label = model_.condition(request.told, seeds.size(0));
    const Tensor places = model_.places(seeds, request.begin.from, sampler_.atoms, label);
    const DiffusionStart start = start_of(model_, sampler_, request.begin, seeds, places, label, calls);
    // An adaptive solver would take the rounding of bfloat16 for its own error and never get ahead.
    Forwarding how;
    if (sampler_.solver.name == "dopri5") how.compute_type = torch::kFloat32;
    const DenoiserOf denoiser_of = [&](const Tensor& rows) {
      return model_.guided_denoiser(
          label.defined() && rows.defined() ? label.to(rows.device()).index_select(0, rows) : label,
          sampler_.scale, calls, how);
    };
    Samples samples;
    const Noise noise = model_.noise_within(seeded_noise(seeds, space_.sizes), places);
    const Tensor x = solve(denoiser_of, start.x, start.levels, sampler_.solver, noise,
                           observer_of(watch, space_, places, 1, samples.stopped))
                         .x;
    samples.evaluations = *calls;
    if (!samples.stopped) samples.state = placed(within(space_, x.to(torch::kFloat32)), places);
    return samples;
  }

 protected:
  void check_told(const DrawRequest& request) const {
    check_beginning(request.begin, space_, request.seeds.size(0), true);
    if (request.begin.inverted && !is_deterministic(sampler_.solver))
      notice("the sampler draws fresh noise, which forgets the files' own; --eta 0 keeps it");
    STEER_CHECK(!request.told.given.defined(),
                "[condition] expected no condition image, because the model was trained without");
  }

  // What begins without noise.
  Samples as_they_are(const DrawRequest& request) const {
    Samples samples;
    const Tensor x = request.begin.from.x.to(model_.device(), torch::kFloat32);
    samples.state = placed(within(space_, x), model_.places(request.seeds.to(model_.device()), x));
    return samples;
  }

  const DiffusionModel& model_;
  Space space_;
  SamplerOptions sampler_;
  Tensor grid_;  // from pure noise
};

class GuidedDiffusionPlan : public DiffusionPlan {
 public:
  GuidedDiffusionPlan(const DiffusionModel& model, const Objective& objective, const SamplerOptions& sampler,
                      const GuidanceOptions& guidance, const std::string& picked)
      : DiffusionPlan(model, sampler),
        objective_(objective),
        guidance_(guidance),
        picked_(picked),
        guide_(objective, space_, sampler.solver, guidance) {}

  Json settings() const override {
    return {{"guidance", options_json(guidance_)}, {"sampler", options_json(sampler_)}};
  }

  std::string text() const override {
    const PopulationOptions& population = guidance_.population;
    const bool climbing = !guide_.form().empty();
    std::string text = climbing ? fmt::format("gradient (form {})", guide_.form()) : "";
    if (climbing && !picked_.empty()) text = fmt::format("{} (auto), {}", picked_, text);
    if (population.method != "none")
      text += fmt::format("{}{} of {}", text.empty() ? "" : ", ", population.method, population.count);
    return text + "; " + sampler_text(sampler_);
  }

  bool together() const override { return group_of(objective_) > 1; }

  int64_t evaluations() const override {
    return DiffusionPlan::evaluations() * guide_.rows_each() * guidance_.climb.recurrence;
  }

  Samples draw(const DrawRequest& request, const Watch& watch) const override {
    check_told(request);
    if (request.begin.from.defined() && request.begin.noise == 0) return as_they_are(request);
    const torch::NoGradGuard no_grad;
    const Frozen frozen(model_.freezer());
    Population population = guide_.population(request.seeds.to(model_.device()));
    const Tensor seeds = population.row_seeds();
    Beginning begin = request.begin;
    if (begin.defined()) begin.from = population.spread(begin.from.x.to(model_.device()));
    const auto calls = std::make_shared<int64_t>(0);
    Tensor label = model_.condition(request.told, request.seeds.size(0));
    // Rows of one sample have its places, so that they may take each other's.
    Tensor places =
        model_.places(request.seeds.to(model_.device()), request.begin.from, sampler_.atoms, label);
    if (places.defined()) places = population.spread(places);
    if (label.defined()) label = population.spread(label.to(model_.device()));
    const DiffusionStart start = start_of(model_, sampler_, begin, seeds, places, label, calls);
    const Step step = guide_.step(population, start.levels, [&](const Tensor& rows) {
      return model_.noise_within(seeded_noise(rows, space_.sizes), places);
    });
    const Denoiser denoiser =
        clipped_for(sampler_.solver, model_.guided_denoiser(label, sampler_.scale, calls));
    const int64_t rows_each = population.rows() / request.seeds.size(0);
    Samples samples;
    const Tensor x = solve(denoiser, start.x, start.levels, step,
                           observer_of(watch, space_, places, rows_each, samples.stopped))
                         .x;
    samples.evaluations = *calls * rows_each;
    if (samples.stopped) return samples;
    const Tensor best = population.winners();
    samples.state = placed(x.index_select(0, best).to(torch::kFloat32),
                           places.defined() ? places.index_select(0, best) : places);
    return samples;
  }

 private:
  const Objective& objective_;
  GuidanceOptions guidance_;
  std::string picked_;  // the method, where nobody named it
  Guide guide_;
};

}  // namespace

const std::vector<Named>& diffusion_settings() {
  static const std::vector<Named> all = [] {
    std::vector<Named> list = named_options(DiffusionSettings());
    list.insert(list.end(), {{"preset", "an object of guidance and sampler, as steer search writes"},
                             {"guidance", "an object: any setting of a method"},
                             {"sampler", "an object: any option of solver, levels and scale"}});
    return list;
  }();
  return all;
}

std::vector<std::string> DiffusionModel::setting_names() const {
  return names_of(diffusion_settings());
}

std::unique_ptr<Plan> DiffusionModel::plan(const Objective* objective, const Json& settings) const {
  const Read read = read_settings(settings, *this);
  SamplerOptions sampler = sampler_of(read, *this, objective != nullptr);
  STEER_CHECK(
      objective || read.brief.temperature == 0 || read.brief.particles > 0 || !read.brief.method.empty(),
      "[sample] temperature: expected an objective, whose particles it is of");
  if (!objective) return std::make_unique<DiffusionPlan>(*this, sampler);
  GuidanceOptions guidance = guidance_of(read, *objective, space());
  const std::string picked = picked_method(read, *objective, space());
  if (!picked.empty() && free_to_repeat(read)) {
    guidance.climb.recurrence = suited_recurrence(*objective, space());
    sampler.levels.steps = (sampler.levels.steps + guidance.climb.recurrence - 1) / guidance.climb.recurrence;
  }
  return std::make_unique<GuidedDiffusionPlan>(*this, *objective, sampler, guidance, picked);
}

}  // namespace steer
