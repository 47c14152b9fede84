// steer prior: learns which codes are likely from the codes of a data set.
#include "steer/codes/prior.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "steer/cmd/command.h"
#include "steer/cmd/interruption.h"
#include "steer/cmd/priors.h"
#include "steer/codes/prior_training.h"
#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/progress.h"
#include "steer/modalities/modalities.h"

namespace steer {
namespace {

struct PriorFlags {
  Common common;
  PriorTrainingOptions options;
  std::string run, data, split = "train", test_split = "test", fit, out, codes;
  int64_t count = 0, test_count = 2000, batch = 64;
  bool resume = false;
};

// Codes of a split, a batch of images at a time: data sets may be larger than memory.
torch::Tensor encoded(const PriorFlags& flags, const DdnModel& model, const std::string& split, int64_t count,
                      torch::Device device) {
  DataOptions options;
  options.path = flags.data;
  options.split = split;
  options.size = model.shape().height;
  options.channels = model.shape().channels;
  options.limit = count;
  if (!flags.fit.empty()) options.fit = flags.fit;
  const auto data = make_dataset(options);
  const int64_t total = count > 0 ? std::min(count, data->size()) : data->size();
  Progress progress("encode " + split, static_cast<double>(total), isatty(STDERR_FILENO), std::cerr,
                    "images");
  std::vector<torch::Tensor> codes;
  for (int64_t at = 0; at < total; at += flags.batch) {
    STEER_CHECK(!interruption_asked(), "[prior] interrupted before there was anything to keep");
    std::vector<int64_t> rows;
    for (int64_t i = at; i < std::min(total, at + flags.batch); ++i) rows.push_back(i);
    codes.push_back(model.reconstruct(data->batch(rows).data.x.to(device)).code.cpu());
    progress.update(static_cast<double>(at + static_cast<int64_t>(rows.size())));
  }
  progress.finish();
  return at::cat(codes);
}

// The codes to learn from: of a file written by encode, or of the data set.
torch::Tensor codes_to_learn(const PriorFlags& flags, const DdnModel& model, torch::Device device) {
  if (flags.codes.empty()) return encoded(flags, model, flags.split, flags.count, device);
  return model.code_in(read_codes(read_file(flags.codes), flags.codes), flags.codes);
}

int run_prior(const PriorFlags& flags) {
  const torch::Device device = flags.common.start();
  const LoadedDdn loaded = open_ddn(flags.common, flags.run, device, "prior");
  const DdnModel& model = *loaded.model;
  const CodeFile own = model.code_file({}, Coder::kPrior);
  const std::string out = flags.out.empty() ? prior_path(flags.run) : flags.out;
  STEER_CHECK(flags.resume || !std::filesystem::exists(out), "[prior] ", out,
              ": expected no prior there; --resume goes on from it, --out FILE writes another");
  std::unique_ptr<Prior> from;
  if (flags.resume) from = open_prior(out, flags.run, own.fingerprint);

  notice_interruption();
  const torch::Tensor code = codes_to_learn(flags, model, device);
  const torch::Tensor test = encoded(flags, model, flags.test_split, flags.test_count, device);
  PriorTrainingOptions options = flags.options;
  options.seed = static_cast<uint64_t>(flags.common.seed);
  Progress progress("prior " + out, 1.0, isatty(STDERR_FILENO), std::cerr, "");
  PriorHooks hooks;
  hooks.stop = interruption_asked;
  hooks.progress = [&](double share, const std::string& note) { progress.update(share, note); };
  hooks.improved = [&](const PriorTraining& made) {
    write_prior(
        out, Prior(made.best, own.fingerprint),
        Json({{"held_out_bits", made.real_bits}, {"steps", made.steps}, {"codes", code.size(0)}}).dump());
  };
  const PriorTraining made =
      train_prior(code, own.candidates, options, from ? &from->numbers() : nullptr, hooks);
  progress.finish(fmt::format("{} steps", made.steps));
  say(fmt::format("wrote {}", out));

  const Prior prior(made.best, own.fingerprint);
  const double bits = prior.bits(test).sum(1).mean().item<double>();
  const double latent = model.network().latent_bits();
  const bool interrupted = interruption_asked();
  const Json figures = {{"run", flags.run},
                        {"out", out},
                        {"codes", code.size(0)},
                        {"steps", made.steps},
                        {"test_codes", test.size(0)},
                        {"bits", bits},
                        {"held_out_bits", made.bits},
                        {"held_out_real_bits", made.real_bits},
                        {"counted_bits", made.counted_bits},
                        {"latent_bits", latent},
                        {"model", fingerprint_text(own.fingerprint)},
                        {"fingerprint", fingerprint_text(prior.fingerprint())},
                        {"interrupted", interrupted}};
  show(flags.common, figures,
       fmt::format("{:.2f} bits per code on {} {} images; held out of the learned ones: {:.2f} in whole "
                   "numbers, {:.2f} by real weights, {:.2f} by node frequencies, {:.1f} if all were alike\n",
                   bits, test.size(0), flags.test_split, made.bits, made.real_bits, made.counted_bits,
                   latent));
  if (interrupted) say("interrupted: the best prior so far is written; continue with --resume");
  return interrupted ? 130 : 0;
}

}  // namespace

void add_prior(CLI::App& app, Run& run) {
  auto flags = std::make_shared<PriorFlags>();
  CLI::App* command = app.add_subcommand(
      "prior", "learn which codes are likely: for smaller files of codes and better samples");
  command->add_option("run", flags->run, "run folder or checkpoint file of a ddn")->required();
  command->add_option("--data", flags->data, "the data set whose codes are learned")->required();
  command->add_option("--codes", flags->codes,
                      "a file of codes of the images to learn, instead of encoding them once more");
  command->add_option("--split", flags->split, "the images to learn: train or test")->capture_default_str();
  command->add_option("--test-split", flags->test_split, "the images whose bits per code are reported")
      ->capture_default_str();
  command->add_option("--fit", flags->fit, "how images reach the model's size")
      ->check(CLI::IsMember({"resize", "pad", "crop"}));
  command->add_option("-n,--count", flags->count, "images to learn; 0 = all")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command->add_option("--test-count", flags->test_count, "images to report on; 0 = all")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command->add_option("-o,--out", flags->out,
                      "file to write (default: RUN/prior.safetensors, beside a file NAME.safetensors "
                      "NAME_prior.safetensors)");
  command->add_flag("--resume", flags->resume, "go on from the prior that stands there");
  command->add_option("--minutes", flags->options.minutes, "budget in minutes, after the encoding")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--steps", flags->options.steps, "budget in steps, in place of minutes")
      ->check(CLI::PositiveNumber);
  command->add_option("--width", flags->options.width, "units of the network")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{1}, kMaxPriorWidth));
  command->add_option("--rate", flags->options.rate, "highest learning rate")->capture_default_str();
  command->add_option("--forget", flags->options.forget, "chance that an index is hidden from later layers")
      ->capture_default_str();
  command->add_option("--drop", flags->options.drop, "chance that a unit is hidden")->capture_default_str();
  command->add_option("--decay", flags->options.decay, "of weights, per step times the rate")
      ->capture_default_str();
  command->add_option("--batch", flags->batch, "images encoded at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_prior(*flags); }; });
}

}  // namespace steer
