// steer likelihood: how likely a diffusion finds images, in bits per dimension, and models of text texts.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/modalities/modalities.h"
#include "steer/work/likelihoods.h"
#include "steer/work/text_likelihoods.h"

namespace steer {
namespace {

struct LikelihoodFlags {
  Common common;
  std::string run;
  SampleSource source;
  Telling telling;
  LikelihoodsOptions options;
  int64_t draws = 3;
  bool all_codes = false;
};

std::string likelihood_text(const Likelihoods& found, const std::string& plural) {
  const std::string error = found.bits.size(0) > 1 ? fmt::format(" +- {:.4f}", found.standard_error) : "";
  return fmt::format(
      "{} {}: {:.4f} bits per dimension{}, {:.1f} nats; {:.0f} network evaluations on average, {:.0f} at "
      "most\n",
      found.bits.size(0), plural, found.bits.mean().item<double>(), error, found.nats.mean().item<double>(),
      found.evaluations.mean().item<double>(), found.evaluations.max().item<double>());
}

int run_text_likelihood(const LikelihoodFlags& flags, const LoadedModel& loaded) {
  TextLikelihoodOptions options;
  options.draws = flags.draws, options.all_codes = flags.all_codes, options.batch = flags.options.batch;
  options.seed = static_cast<uint64_t>(flags.common.seed);
  const LoadedSamples texts = flags.source.load(loaded.model->space());
  TextLikelihood found = text_likelihood(*loaded.model, texts.state, options, on_terminal());
  found.figures["run"] = flags.run;
  show(flags.common, found.figures, text_of(found));
  return 0;
}

int run_likelihood(const LikelihoodFlags& flags) {
  flags.source.check("likelihood");
  const Computing computing = for_likelihoods(flags.common.start());
  const LoadedModel loaded = opened(flags.run, computing);
  if (text_scores(*loaded.model)) return run_text_likelihood(flags, loaded);
  LikelihoodsOptions options = flags.options;
  options.seed = static_cast<uint64_t>(flags.common.seed);
  options.flow.atol = options.flow.rtol;
  const LoadedSamples samples = flags.source.load(loaded.model->space());
  const Told told = told_by(flags.telling, *loaded.model, samples.state, samples.label, samples.classes);
  Likelihoods found = likelihoods(loaded, samples.state, told, options, computing.device, on_terminal());
  found.figures["run"] = flags.run;
  show(flags.common, found.figures, likelihood_text(found, modality_of(loaded.model->space()).plural));
  return 0;
}

}  // namespace

void add_likelihood(CLI::App& app, Run& run) {
  auto flags = std::make_shared<LikelihoodFlags>();
  CLI::App* command = app.add_subcommand(
      "likelihood",
      "bits per dimension of images under a diffusion, by its probability flow; bits a character of text");
  command
      ->add_option("run", flags->run, "run folder or checkpoint file of a diffusion, or of a model of text")
      ->required();
  flags->source.count = 64;
  add_source_flags(command, flags->source, 0, 1000000, "samples of the data set; 0 = all");
  add_telling_flags(command, flags->telling, false);
  LikelihoodOptions& flow = flags->options.flow;
  command
      ->add_option("--divergence", flow.divergence,
                   "hutchinson (random directions), or exact: one gradient for every pixel")
      ->capture_default_str()
      ->check(CLI::IsMember({"hutchinson", "exact"}));
  command->add_option("--probes", flow.probes, "random directions of each image")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option("--tolerance", flow.rtol, "relative and absolute tolerance of the solver")
      ->capture_default_str()
      ->check(CLI::Range(1e-12, 1.0));
  command
      ->add_option("--steps", flow.grid_steps,
                   "above 0: this many fixed steps of Heun on a Karras grid instead of adaptive ones")
      ->capture_default_str()
      ->check(CLI::Range(0, 100000));
  command->add_option("--draws", flags->draws, "of text: draws of the noise, where the model gives a bound")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  command->add_flag("--all-codes", flags->all_codes,
                    "of a text_ddn: minus ln p itself, by summing over all codes of every block");
  command->add_option("--batch", flags->options.batch, "images at once; the figures do not depend on it")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_likelihood(*flags); }; });
}

}  // namespace steer
