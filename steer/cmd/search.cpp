// steer search: strengths of guidance that do best by a yardstick.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <map>

#include "steer/cmd/guidance.h"
#include "steer/cmd/interruption.h"
#include "steer/cmd/yardsticks.h"
#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json_lines.h"
#include "steer/core/options.h"
#include "steer/core/progress.h"
#include "steer/search/knobs.h"

namespace steer {
namespace {

struct SearchFlags {
  Common common;
  std::string run, objective, metric, data, split = "test", fit, out = "preset.json";
  YardstickFlags yardsticks;
  GuidanceFlags guidance;
  SamplerFlags sampler;
  std::vector<std::string> knobs;
  SearchOptions options;
  int64_t batch = 64, confirm = 0;
};

Json trial_json(const Trial& trial) {
  return {{"values", trial.values},
          {"samples", trial.samples},
          {"metric", std::isfinite(trial.metric) ? Json(trial.metric) : Json()},
          {"figures", trial.figures}};
}

// The trials of an earlier search of the same conditions, and its log to go on with.
struct Journal {
  std::vector<Trial> known;
  std::unique_ptr<LogFile> log;
};

Journal journal_at(const std::string& path, const Json& conditions) {
  const JsonLines lines = read_json_lines(path);
  Journal journal;
  if (lines.values.empty()) {
    journal.log = std::make_unique<LogFile>(path, 0);
    journal.log->write(conditions);
    return journal;
  }
  STEER_CHECK(lines.values[0] == conditions, "[search] ", path,
              ": holds the trials of another search; move it away or choose another --out");
  for (size_t i = 1; i < lines.values.size(); ++i) {
    const Json& json = lines.values[i];
    Trial trial;
    trial.values = json.at("values").get<std::vector<double>>();
    trial.samples = json.at("samples").get<int64_t>();
    trial.metric = json.at("metric").is_null() ? std::numeric_limits<double>::quiet_NaN()
                                               : json.at("metric").get<double>();
    trial.figures = json.at("figures");
    journal.known.push_back(trial);
  }
  journal.log = std::make_unique<LogFile>(path, lines.bytes);
  return journal;
}

// Tasks of several sizes, each made once.
class Tasks {
 public:
  Tasks(const SearchFlags& flags, const ImageShape& shape, const torch::Tensor& truth, torch::Device device)
      : flags_(flags), shape_(shape), truth_(truth), device_(device) {}

  const Task& of(int64_t samples, uint64_t seed) {
    const auto key = std::make_pair(samples, seed);
    auto found = tasks_.find(key);
    if (found == tasks_.end()) {
      TaskOptions options;
      options.objective = flags_.objective;
      options.count = samples, options.batch = flags_.batch, options.seed = seed, options.fit = flags_.fit;
      const torch::Tensor some =
          truth_.defined() ? truth_.narrow(0, 0, std::min(samples, truth_.size(0))) : torch::Tensor();
      found = tasks_.emplace(key, std::make_unique<Task>(options, shape_, some, device_)).first;
    }
    return *found->second;
  }

 private:
  const SearchFlags& flags_;
  ImageShape shape_;
  torch::Tensor truth_;
  torch::Device device_;
  std::map<std::pair<int64_t, uint64_t>, std::unique_ptr<Task>> tasks_;
};

int run_search(const SearchFlags& given) {
  SearchFlags flags = given;
  const torch::Device device = flags.common.start();
  LoadedModel loaded = open_model(flags.common, flags.run, device);
  Model& model = *loaded.model;
  STEER_CHECK(model.family() == "diffusion", "[search] ", flags.run,
              ": expected a diffusion model, whose guidance has strengths, but got a ", model.family());
  const ImageShape shape = model.shape();
  const Yardsticks yardsticks = flags.yardsticks.open(flags.objective, shape, device);
  const int64_t most = std::max(flags.options.samples, flags.confirm);
  const torch::Tensor truth =
      flags.data.empty() ? torch::Tensor() : load_images(flags.data, flags.split, flags.fit, shape, most).x;
  Tasks tasks(flags, shape, truth, device);
  const auto seed = static_cast<uint64_t>(flags.common.seed);
  const Task& first = tasks.of(flags.options.samples, seed);
  if (flags.metric.empty()) flags.metric = yardsticks.judge ? "accuracy" : truth.defined() ? "psnr" : "score";
  const auto possible = measurable(first, yardsticks);
  STEER_CHECK(std::find(possible.begin(), possible.end(), flags.metric) != possible.end(),
              "[search] --metric ", flags.metric, ": expected one of ",
              fmt::format("{}", fmt::join(possible, ", ")),
              ", for which there is all that is needed (--judge, --data, --features with --reference)");
  if (flags.guidance.method.empty()) flags.guidance.method = suited_method(first.objective());
  std::vector<Knob> knobs;
  for (const std::string& text : flags.knobs) knobs.push_back(parse_knob(text));
  if (knobs.empty()) knobs = suited_knobs(flags.guidance.method, truth.defined());
  flags.options.higher_is_better = higher_is_better(flags.metric);
  flags.options.seed = seed;
  std::vector<double> starts;
  for (const Knob& knob : knobs) starts.push_back(knob.start);
  const GuidancePlan own = flags.guidance.plan(model, first.objective(), flags.sampler);
  const auto plan_at = [&](const std::vector<double>& values) {
    GuidancePlan plan = own;
    plan.guidance = turned(*own.guidance, flags.guidance.method, knobs, values);
    return plan;
  };
  const GuidancePlan begin = plan_at(starts);  // refuses knobs that do not exist before anything runs

  Json ranges = Json::array();
  for (const Knob& knob : knobs)
    ranges.push_back(
        {{"name", knob.name}, {"start", knob.start}, {"factor", knob.factor}, {"cap", knob.cap}});
  const Json conditions = {{"search", first.words()},
                           {"model", std::to_string(weight_fingerprint(model.module()))},
                           {"metric", flags.metric},
                           {"judge", flags.yardsticks.judge},
                           {"features", flags.yardsticks.features},
                           {"reference", flags.yardsticks.reference},
                           {"data", flags.data},
                           {"split", flags.split},
                           {"seed", flags.common.seed},
                           {"samples", flags.options.samples},
                           {"method", flags.options.method},
                           {"knobs", ranges},
                           {"begin", begin.json()}};
  Journal journal = journal_at(flags.out + ".trials.jsonl", conditions);
  if (!journal.known.empty()) say(fmt::format("goes on after {} trials", journal.known.size()));

  notice_interruption();
  const auto run_trial = [&](const std::vector<double>& values, const Task& task,
                             const std::string& title) -> Trial {
    const GuidancePlan plan = plan_at(values);
    Progress progress(title, 1.0, isatty(STDERR_FILENO), std::cerr, "");
    Trial trial;
    trial.metric = std::numeric_limits<double>::quiet_NaN();
    trial.figures = Json::object();
    try {
      const Made made = task.run(
          model, [&](SampleRequest& request, int64_t, int64_t) { plan.put_into(request); },
          [&](double share) { progress.update(share); });
      trial.figures = measure(task, made, yardsticks, {flags.metric});
      trial.metric = trial.figures[flags.metric].get<double>();
      trial.figures["seconds"] = made.seconds, trial.figures["evaluations"] = made.evaluations;
    } catch (const Error& error) {
      // Too strong a pull ends in numbers that are not finite: a bad setting, not a fault of the search.
      trial.figures["failed"] = error.what();
    }
    progress.finish(fmt::format("{} {:.5g}", flags.metric, trial.metric));
    return trial;
  };
  SearchHooks hooks;
  hooks.known = journal.known;
  hooks.stop = interruption_asked;
  hooks.run = [&](const std::vector<double>& values, int64_t samples) {
    return run_trial(values, tasks.of(samples, seed), described(knobs, values));
  };
  hooks.made = [&](const Trial& trial) { journal.log->write(trial_json(trial)); };
  const SearchResult result = search(knobs, flags.options, hooks);
  if (result.interrupted) {
    say("interrupted: all trials are kept; the same command goes on");
    return 130;
  }
  STEER_CHECK(result.best >= 0, "[search] expected at least one trial that works but all failed: ",
              result.trials.empty() ? "" : result.trials.front().figures.value("failed", ""));
  const Trial& best = result.trials[static_cast<size_t>(result.best)];

  Json figures = plan_at(best.values).json();
  figures["objective"] = first.words();
  figures["run"] = flags.run;
  figures["metric"] = flags.metric;
  figures["value"] = best.metric;
  figures["samples"] = best.samples;
  figures["trials"] = result.trials.size();
  figures["samples_in_all"] = result.samples;
  std::string text;
  {
    std::vector<const Trial*> order;
    for (const Trial& trial : result.trials) order.push_back(&trial);
    std::stable_sort(order.begin(), order.end(), [&](const Trial* a, const Trial* b) {
      if (a->samples != b->samples) return a->samples > b->samples;
      if (!std::isfinite(a->metric) || !std::isfinite(b->metric)) return std::isfinite(a->metric);
      return flags.options.higher_is_better ? a->metric > b->metric : a->metric < b->metric;
    });
    std::vector<std::vector<std::string>> rows = {{"setting", "samples", flags.metric}};
    constexpr size_t kShown = 8;
    for (size_t i = 0; i < order.size() && i < kShown; ++i)
      rows.push_back({described(knobs, order[i]->values), std::to_string(order[i]->samples),
                      fmt::format("{:.5g}", order[i]->metric)});
    text = table(rows) + fmt::format("{} trials, {} samples in all\n", result.trials.size(), result.samples);
  }
  if (flags.confirm > 0) {
    // Other seeds than those that were selected on.
    constexpr uint64_t kFresh = 1000000;
    const Trial again = run_trial(best.values, tasks.of(flags.confirm, seed + kFresh), "again");
    figures["confirmed"] = {{"value", again.metric}, {"samples", flags.confirm}, {"seed", seed + kFresh}};
    text += fmt::format("again on {} other samples: {} {:.5g}\n", flags.confirm, flags.metric, again.metric);
  }
  write_file(flags.out, figures.dump(2) + "\n");
  show(flags.common, figures,
       text + fmt::format("{} holds the best: steer guide {} --objective '{}' --preset {}\n", flags.out,
                          flags.run, first.words(), flags.out));
  return 0;
}

}  // namespace

void add_search(CLI::App& app, Run& run) {
  auto flags = std::make_shared<SearchFlags>();
  CLI::App* command = app.add_subcommand(
      "search",
      "find strengths of guidance: tries settings, judges their samples, keeps the best as a preset");
  command->add_option("run", flags->run, "run folder or checkpoint file of a diffusion model")->required();
  command->add_option("--objective", flags->objective, "what is wanted, as in steer guide")->required();
  command
      ->add_option("--metric", flags->metric,
                   fmt::format("what to select by: {} (default: accuracy with --judge, psnr with --data)",
                               fmt::join(metric_names(), ", ")))
      ->check(CLI::IsMember(metric_names()));
  command->add_option("--data", flags->data, "a data set: each image is the truth of one sample");
  command->add_option("--split", flags->split, "its split, train or test")->capture_default_str();
  command->add_option("--fit", flags->fit, "how its images reach the model's size")
      ->check(CLI::IsMember({"resize", "pad", "crop"}));
  flags->yardsticks.add_to(command);
  command
      ->add_option("--knob", flags->knobs,
                   "a setting to search, NAME=START:FACTOR:CAP: strength, or one of --guidance, as "
                   "climb.rho=0.25:2:8 (repeatable; default: those of the method)")
      ->allow_extra_args(false);
  command
      ->add_option("--search", flags->options.method,
                   "doubling (doubles one setting of the best at a time) or halving (many settings on few "
                   "samples, the better half on more)")
      ->capture_default_str()
      ->check(CLI::IsMember({"doubling", "halving"}));
  command->add_option("--keep", flags->options.keep, "doubling: the best so many have children")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option("--sweeps", flags->options.sweeps, "doubling: rounds of children")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000));
  command->add_option("-n,--count", flags->options.samples, "samples of a trial; halving: of the last")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  command->add_option("--budget", flags->options.budget, "the most samples in all; 0 = no limit")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000000000));
  command->add_option("--confirm", flags->confirm, "measure the best again on so many other samples")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000000));
  command->add_option("--batch", flags->batch, "samples made at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  command
      ->add_option("-o,--out", flags->out,
                   "preset to write for steer guide --preset; OUT.trials.jsonl holds all trials, with which "
                   "the same command goes on after an interruption")
      ->capture_default_str();
  flags->guidance.add_to(command);
  flags->sampler.add_to(command);
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_search(*flags); }; });
}

}  // namespace steer
