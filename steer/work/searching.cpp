#include "steer/work/searching.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json_fields.h"
#include "steer/core/options.h"
#include "steer/work/samples.h"

namespace steer {
namespace {

const Generator& searchable(const LoadedModel& loaded) {
  const Generator& generator = as_generator(loaded, "search");
  STEER_CHECK(takes_settings(generator, {"guidance", "preset"}), "[search] ", loaded.path,
              ": expected a diffusion model, whose guidance has strengths, but got a ", generator.family());
  return generator;
}

std::string metric_of(const SearchingOptions& options, const Task& task, const Yardsticks& yardsticks) {
  std::string metric = options.metric;
  if (metric.empty()) metric = suited_metric(yardsticks, task.truth().defined());
  const std::vector<std::string> possible = measurable(task, yardsticks);
  STEER_CHECK(among(metric, possible), "[search] metric ", metric, ": expected one of ",
              fmt::format("{}", fmt::join(possible, ", ")),
              ", for which there is all that is needed (--judge, --data, --features with --reference)");
  return metric;
}

// The strengths to search, over the settings that the model makes of those given.
StrengthOptions strengths_of(const SearchingOptions& options, const Generator& generator, const Task& task,
                             const std::string& metric) {
  StrengthOptions strengths;
  Json settings = options.settings;
  const bool named = settings.contains("method");
  strengths.method = method_for(named ? field<std::string>(settings, "method", "settings") : kAuto,
                                task.objective(), generator.space());
  settings["method"] = strengths.method;
  strengths.settings = generator.plan(&task.objective(), settings)->settings();
  for (const std::string& text : options.knobs) strengths.knobs.push_back(parse_knob(text));
  if (strengths.knobs.empty()) strengths.knobs = suited_knobs(strengths.method, task.truth().defined());
  strengths.metric = metric;
  strengths.search = options.search;
  strengths.search.seed = options.seed;
  strengths.seed = options.seed;
  return strengths;
}

Json conditions_of(const SearchingOptions& options, const LoadedModel& loaded, const Task& task,
                   const StrengthOptions& strengths) {
  Json ranges = Json::array();
  std::vector<double> starts;
  for (const Knob& knob : strengths.knobs) {
    ranges.push_back(
        {{"name", knob.name}, {"start", knob.start}, {"factor", knob.factor}, {"cap", knob.cap}});
    starts.push_back(knob.start);
  }
  return {{"search", task.words()},
          {"model", std::to_string(weight_fingerprint(loaded.model->module()))},
          {"metric", strengths.metric},
          {"judge", options.yardsticks.judge},
          {"features", options.yardsticks.features},
          {"reference", options.yardsticks.reference},
          {"data", options.data},
          {"split", options.split},
          {"label", options.telling.label},
          {"value", options.telling.value},
          {"seed", options.seed},
          {"samples", options.search.samples},
          {"method", options.search.method},
          {"knobs", ranges},
          {"begin", settings_at(strengths, starts)}};
}

// What `most` samples are told: by words, and by the data for what these do not say.
Told told_by_words(const SearchingOptions& options, const Generator& generator, const LoadedSamples& given,
                   int64_t most) {
  return options.data.empty() ? told_by(options.telling, generator, most)
                              : told_by(options.telling, generator, given.state, given.label, given.classes);
}

// The settings of the best trial, and where they came from.
Json preset_of(const Searched& searched, const StrengthOptions& strengths, const SearchingOptions& options) {
  const SearchResult& result = searched.result;
  const Trial& best = result.trials[static_cast<size_t>(result.best)];
  Json figures = settings_at(strengths, best.values);
  figures["objective"] = searched.objective;
  figures["run"] = options.run;
  if (!options.telling.label.empty()) figures["label"] = options.telling.label;
  figures["metric"] = searched.metric;
  figures["value"] = best.metric;
  figures["samples"] = best.samples;
  figures["trials"] = result.trials.size();
  figures["samples_in_all"] = result.samples;
  return figures;
}

// A few samples of the best settings beside unguided ones; false where the watch ended it.
bool put_check(Searched& searched, const Generator& generator, const Task& few, const Json& best,
               const Told& told, const WorkWatch& watch) {
  const Made made = few.run(generator, best, told, true, [&](double share) {
    return tell(watch, {"check", share, "", nullptr});
  });
  if (made.stopped) return false;
  const Beside beside = few.beside(generator, made, told);
  searched.figures["check"] = beside_json(beside);
  warn_if_worse(beside, searched.objective);
  return true;
}

}  // namespace

Searched search_guidance(const LoadedModel& loaded, const SearchingOptions& options, torch::Device device,
                         const WorkWatch& watch) {
  const Generator& generator = searchable(loaded);
  const Space space = generator.space();
  const Yardsticks yardsticks = open_yardsticks(options.yardsticks, options.objective, space, device);
  const int64_t most = std::max(options.search.samples, options.confirm);
  LoadedSamples given;
  if (!options.data.empty()) given = load_samples(options.data, options.split, options.fit, space, most);
  const Tensor truth = given.state.x;
  TaskOptions asked;
  asked.objective = options.objective, asked.batch = options.batch, asked.fit = options.fit;
  TasksBySize tasks(asked, space, truth, device);
  const Task& task = tasks.of(options.search.samples, options.seed);
  Searched searched;
  searched.objective = task.words();
  searched.metric = metric_of(options, task, yardsticks);
  StrengthOptions strengths = strengths_of(options, generator, task, searched.metric);
  strengths.told = told_by_words(options, generator, given, most);
  searched.knobs = strengths.knobs;
  // Knobs that do not exist are refused here, before anything runs.
  Journal journal(
      {options.journal, "search", conditions_of(options, loaded, task, strengths), {"values", "samples"}});
  searched.known = journal.entries().size();
  if (searched.known > 0) tell(watch, {"search", 1, fmt::format("goes on after {} trials", searched.known)});
  searched.result = search_strengths(generator, tasks, yardsticks, strengths, &journal, watch);
  searched.interrupted = searched.result.interrupted;
  if (searched.interrupted) return searched;
  const SearchResult& result = searched.result;
  STEER_CHECK(result.best >= 0, "[search] expected at least one trial that works but all failed: ",
              result.trials.empty() ? "" : result.trials.front().figures.value("failed", ""));
  searched.figures = preset_of(searched, strengths, options);
  const Json best = settings_at(strengths, result.trials[static_cast<size_t>(result.best)].values);
  const Task& few = tasks.of(std::min(options.search.samples, kSamplesBeside), options.seed);
  searched.interrupted =
      !put_check(searched, generator, few, best, strengths.told.narrow(0, few.count()), watch);
  if (searched.interrupted) return searched;
  if (options.confirm > 0) {
    // Other seeds than those that were selected on.
    constexpr uint64_t kFresh = 1000000;
    const uint64_t seed = options.seed + kFresh;
    const Tried again = tried(generator, tasks.of(options.confirm, seed), yardsticks,
                              {best, true, {searched.metric}, "again", strengths.told}, watch);
    searched.interrupted = again.stopped;
    if (again.stopped) return searched;
    const Json value = again.figures.value(searched.metric, Json());
    searched.confirmed = true;
    searched.confirmation = value.is_number() ? value.get<double>() : std::nan("");
    searched.figures["confirmed"] = {{"value", value}, {"samples", options.confirm}, {"seed", seed}};
  }
  write_file(options.preset, json_text(searched.figures, 2) + "\n");
  return searched;
}

std::vector<Trial> by_merit(const Searched& searched) {
  std::vector<Trial> trials = searched.result.trials;
  const double sign = higher_is_better(searched.metric) ? 1 : -1;
  std::stable_sort(trials.begin(), trials.end(), [&](const Trial& a, const Trial& b) {
    if (a.samples != b.samples) return a.samples > b.samples;
    if (!std::isfinite(a.metric) || !std::isfinite(b.metric))
      return std::isfinite(a.metric) && !std::isfinite(b.metric);
    return sign * a.metric > sign * b.metric;
  });
  return trials;
}

}  // namespace steer
