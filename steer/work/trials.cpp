#include "steer/work/trials.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "steer/core/check.h"
#include "steer/core/json_fields.h"
#include "steer/core/options.h"

namespace steer {
namespace {

Json number_or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

Json trial_key(const Trial& trial) {
  return {{"values", trial.values}, {"samples", trial.samples}};
}

// A trial of an earlier run, of so many knobs; `where` is its journal.
Trial trial_of(const Journal::Entry& entry, size_t knobs, const std::string& where) {
  Trial trial;
  trial.values = numbers_field(entry.key, "values", where);
  STEER_CHECK(trial.values.size() == knobs, "[search] ", where, ": expected values of ", knobs,
              " strengths but got ", trial.values.size());
  trial.samples = field<int64_t>(entry.key, "samples", where);
  trial.metric = field_or(entry.result, "metric", std::numeric_limits<double>::quiet_NaN(), where);
  trial.figures = found_field(entry.result, "figures", where) ? object_field(entry.result, "figures", where)
                                                              : Json::object();
  return trial;
}

}  // namespace

TasksBySize::TasksBySize(const TaskOptions& options, const Space& space, const Tensor& truth,
                         torch::Device device)
    : options_(options), space_(space), truth_(truth), device_(device) {}

const Task& TasksBySize::of(int64_t samples, uint64_t seed) {
  std::unique_ptr<Task>& task = tasks_[{samples, seed}];
  if (!task) {
    TaskOptions options = options_;
    options.count = samples, options.seed = seed;
    const Tensor some = truth_.defined() ? truth_.narrow(0, 0, std::min(samples, truth_.size(0))) : Tensor();
    task = std::make_unique<Task>(options, space_, some, device_);
  }
  return *task;
}

Tried tried(const Generator& generator, const Task& task, const Yardsticks& yardsticks,
            const Attempt& attempt, const WorkWatch& watch) {
  Tried tried;
  tried.figures = Json::object();
  const auto progress = [&](double share) {
    // The last word is said once all is measured.
    constexpr double kAlmost = 0.999;
    return tell(watch, {attempt.title, std::min(share, kAlmost), "", nullptr});
  };
  tried.stopped = !progress(0);
  if (tried.stopped) return tried;
  try {
    tried.made =
        task.run(generator, attempt.settings, attempt.told.narrow(0, task.count()), attempt.guided, progress);
    tried.stopped = tried.made.stopped;
    if (tried.stopped) return tried;
    tried.figures = measure(task, tried.made, yardsticks, attempt.metrics);
    tried.figures["seconds"] = tried.made.seconds;
    tried.figures["evaluations"] = tried.made.evaluations;
  } catch (const Error& error) {
    tried.made = {};
    tried.failed = error.what();
  }
  std::string note = tried.failed.empty() ? "" : "failed";
  if (attempt.metrics.size() == 1 && tried.failed.empty())
    note = fmt::format("{} {:.5g}", attempt.metrics[0], tried.figures[attempt.metrics[0]].get<double>());
  tell(watch, {attempt.title, 1, note, nullptr});
  return tried;
}

Json settings_at(const StrengthOptions& options, const std::vector<double>& values) {
  GuidanceOptions guidance;
  read_options(guidance, options.settings.at("guidance"), "guidance");
  Json settings = options.settings;
  settings["guidance"] = options_json(turned(guidance, options.method, options.knobs, values));
  return settings;
}

SearchResult search_strengths(const Generator& generator, TasksBySize& tasks, const Yardsticks& yardsticks,
                              const StrengthOptions& options, Journal* journal, const WorkWatch& watch) {
  SearchOptions search_options = options.search;
  search_options.higher_is_better = higher_is_better(options.metric);
  bool stopped = false;
  SearchHooks hooks;
  if (journal)
    for (const Journal::Entry& entry : journal->entries())
      hooks.known.push_back(trial_of(entry, options.knobs.size(), journal->path()));
  hooks.stop = [&] { return stopped; };
  hooks.run = [&](const std::vector<double>& values, int64_t samples) {
    const std::string setting = described(options.knobs, values);
    Attempt attempt{settings_at(options, values),
                    true,
                    {options.metric},
                    options.title.empty() ? setting : options.title + ": " + setting,
                    options.told};
    const Tried made = tried(generator, tasks.of(samples, options.seed), yardsticks, attempt, watch);
    stopped = made.stopped;
    Trial trial;
    trial.metric = made.figures.contains(options.metric) ? made.figures[options.metric].get<double>()
                                                         : std::numeric_limits<double>::quiet_NaN();
    trial.figures = made.figures;
    if (!made.failed.empty()) trial.figures["failed"] = made.failed;
    return trial;
  };
  hooks.made = [&](const Trial& trial) {
    if (journal && !stopped)
      journal->add(trial_key(trial), {{"metric", number_or_null(trial.metric)}, {"figures", trial.figures}});
  };
  SearchResult result = search(options.knobs, search_options, hooks);
  if (stopped) {
    // The trial that was stopped is the last one.
    result.interrupted = true;
    result.samples -= result.trials.back().samples;
    result.trials.pop_back();
  }
  return result;
}

}  // namespace steer
