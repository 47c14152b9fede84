// steer search: strengths of guidance that do best by a yardstick.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "steer/cmd/command.h"
#include "steer/cmd/settings.h"
#include "steer/cmd/yardsticks.h"
#include "steer/work/outputs.h"
#include "steer/work/searching.h"

namespace steer {
namespace {

struct SearchFlags {
  Common common;
  std::string run, out = "preset.json";
  SettingsFlags settings;
  SearchingOptions options;
};

// The best trials, and how the search ended.
std::string search_text(const Searched& searched, const SearchFlags& flags) {
  constexpr size_t kShown = 8;
  std::vector<std::vector<std::string>> rows = {{"setting", "samples", searched.metric}};
  for (const Trial& trial : by_merit(searched))
    if (rows.size() <= kShown)
      rows.push_back({described(searched.knobs, trial.values), std::to_string(trial.samples),
                      fmt::format("{:.5g}", trial.metric)});
  std::string text = table(rows) + fmt::format("{} trials, {} samples in all{}\n",
                                               searched.result.trials.size(), searched.result.samples,
                                               searched.known > 0 ? ", some of an earlier run" : "");
  if (searched.confirmed)
    text += fmt::format("again on {} other samples: {} {:.5g}\n", flags.options.confirm, searched.metric,
                        searched.confirmation);
  return text + fmt::format("{} holds the best: steer guide {} --objective '{}' --preset {}\n", flags.out,
                            flags.run, searched.objective, flags.out);
}

int run_search(const SearchFlags& flags) {
  check_file_output(flags.out, OutputKind::kPreset, flags.common.force);
  const Computing computing = flags.common.start();
  SearchingOptions options = flags.options;
  options.settings = flags.settings.settings(flags.run);
  options.seed = static_cast<uint64_t>(flags.common.seed);
  options.telling.fit = options.fit;
  options.run = flags.run, options.preset = flags.out, options.journal = flags.out + ".trials.jsonl";
  const LoadedModel loaded = opened(flags.run, computing);
  const Searched searched = search_guidance(loaded, options, computing.device, on_terminal());
  if (searched.interrupted) {
    say("interrupted: all trials are kept; the same command goes on");
    return 130;
  }
  show(flags.common, searched.figures, search_text(searched, flags));
  return 0;
}

void add_way_flags(CLI::App* command, SearchingOptions& options) {
  command
      ->add_option("--knob", options.knobs,
                   "a setting to search, NAME=START:FACTOR:CAP: strength, or one of --guidance, as "
                   "climb.rho=0.25:2:8 (repeatable; default: those of the method)")
      ->allow_extra_args(false);
  command
      ->add_option("--search", options.search.method,
                   "doubling (doubles one setting of the best at a time) or halving (many settings on few "
                   "samples, the better half on more)")
      ->capture_default_str()
      ->check(CLI::IsMember({"doubling", "halving"}));
  command->add_option("--keep", options.search.keep, "doubling: the best so many have children")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option("--sweeps", options.search.sweeps, "doubling: rounds of children")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000));
  command->add_option("-n,--count", options.search.samples, "samples of a trial; halving: of the last")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  command->add_option("--budget", options.search.budget, "the most samples in all; 0 = no limit")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000000000));
  command->add_option("--confirm", options.confirm, "measure the best again on so many other samples")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000000));
  command->add_option("--batch", options.batch, "samples made at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
}

}  // namespace

void add_search(CLI::App& app, Run& run) {
  auto flags = std::make_shared<SearchFlags>();
  SearchingOptions& options = flags->options;
  CLI::App* command = app.add_subcommand(
      "search",
      "find strengths of guidance: tries settings, judges their samples, keeps the best as a preset");
  command->add_option("run", flags->run, "run folder or checkpoint file of a diffusion model")->required();
  command->add_option("--objective", options.objective, "what is wanted, as in steer guide")->required();
  command
      ->add_option("--metric", options.metric,
                   fmt::format("what to select by: {} (default: accuracy with --judge, psnr with --data)",
                               fmt::join(metric_names(), ", ")))
      ->check(CLI::IsMember(metric_names()));
  command->add_option("--data", options.data, "a data set: each image is the truth of one sample");
  command->add_option("--split", options.split, "its split: train, test or validation")
      ->capture_default_str();
  add_fit_flags(command, options.fit, "how its images reach the model's size");
  add_telling_flags(command, options.telling, true);
  add_yardstick_flags(command, options.yardsticks);
  add_way_flags(command, options);
  command
      ->add_option("-o,--out", flags->out,
                   "preset to write for steer guide --preset; OUT.trials.jsonl holds all trials, with which "
                   "the same command goes on after an interruption")
      ->capture_default_str();
  add_force_flag(command, flags->common.force, "a file");
  flags->settings.add_guidance_to(command);
  flags->settings.add_drawing_to(command);
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_search(*flags); }; });
}

}  // namespace steer
