// steer prior: learns which codes are likely from the codes of a data set.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/work/prior_learning.h"

namespace steer {
namespace {

struct PriorFlags {
  Common common;
  PriorRequest request;
};

int run_prior(const PriorFlags& flags) {
  PriorRequest request = flags.request;
  request.options.seed = static_cast<uint64_t>(flags.common.seed);
  const PriorLearning made = learn_prior(opened(request.run, flags.common.start()), request, on_terminal());
  say(fmt::format("wrote {}", made.out));
  show(flags.common, prior_json(made, request),
       fmt::format("{:.2f} bits per code on {} {} images; held out of the learned ones: {:.2f} in whole "
                   "numbers, {:.2f} by real weights, {:.2f} by node frequencies, {:.1f} if all were alike\n",
                   made.bits, made.test_codes, request.test_split, made.training.bits,
                   made.training.real_bits, made.training.counted_bits, made.latent_bits));
  if (made.interrupted) say("interrupted: the best prior so far is written; continue with --resume");
  return made.interrupted ? 130 : 0;
}

}  // namespace

void add_prior(CLI::App& app, Run& run) {
  auto flags = std::make_shared<PriorFlags>();
  PriorRequest& request = flags->request;
  CLI::App* command = app.add_subcommand(
      "prior", "learn which codes are likely: for smaller files of codes and better samples");
  command->add_option("run", request.run, "run folder or checkpoint file of a ddn")->required();
  command->add_option("--data", request.data, "the data set whose codes are learned")->required();
  command->add_option("--codes", request.codes,
                      "a file of codes of the images to learn, instead of encoding them once more");
  command->add_option("--split", request.split, "the images to learn: train, test or validation")
      ->capture_default_str();
  command->add_option("--test-split", request.test_split, "the images whose bits per code are reported")
      ->capture_default_str();
  add_fit_flags(command, request.fit, "how images reach the model's size");
  command->add_option("-n,--count", request.count, "images to learn; 0 = all")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command->add_option("--test-count", request.test_count, "images to report on; 0 = all")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command->add_option("-o,--out", request.out,
                      "file to write (default: RUN/prior.safetensors, beside a file NAME.safetensors "
                      "NAME_prior.safetensors)");
  command->add_flag("--resume", request.resume, "go on from the prior that stands there");
  command->add_option("--minutes", request.options.minutes, "budget in minutes, after the encoding")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--steps", request.options.steps, "budget in steps, in place of minutes")
      ->check(CLI::PositiveNumber);
  command->add_option("--width", request.options.width, "units of the network")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{1}, kMaxPriorWidth));
  command->add_option("--rate", request.options.rate, "highest learning rate")->capture_default_str();
  command->add_option("--forget", request.options.forget, "chance that an index is hidden from later layers")
      ->capture_default_str();
  command->add_option("--drop", request.options.drop, "chance that a unit is hidden")->capture_default_str();
  command->add_option("--decay", request.options.decay, "of weights, per step times the rate")
      ->capture_default_str();
  command->add_option("--batch", request.batch, "images encoded at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_prior(*flags); }; });
}

}  // namespace steer
