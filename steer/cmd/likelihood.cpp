// steer likelihood: how likely a diffusion finds images, in bits per dimension.
#include "steer/diffusion/likelihood.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <iostream>

#include "steer/cmd/command.h"
#include "steer/cmd/condition.h"
#include "steer/core/progress.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

struct LikelihoodFlags {
  Common common;
  std::string run;
  ImageSource source;
  ConditionFlags condition;
  LikelihoodOptions options;
  int64_t batch = 32;
};

int run_likelihood(const LikelihoodFlags& flags) {
  flags.source.check("likelihood");
  Common common = flags.common;
  // The error control of the solver needs more than bfloat16's digits.
  if (common.precision == "auto") common.precision = "float32";
  const torch::Device device = common.start();
  LoadedModel loaded = open_model(common, flags.run, device);
  DiffusionModel& model = as_diffusion(loaded, "likelihood");
  const Frozen frozen(model.freezer());
  const Loaded images = flags.source.load_labelled(model.shape());
  const Told told = flags.condition.told_by(model, images.x, images.label, flags.source.fit);
  const int64_t count = images.x.size(0), dimensions = images.x[0].numel();
  Progress progress("likelihood", static_cast<double>(count), isatty(STDERR_FILENO), std::cerr, "images");
  std::vector<torch::Tensor> nats, evaluations;
  for (int64_t at = 0; at < count; at += flags.batch) {
    const int64_t rows = std::min(flags.batch, count - at);
    const torch::Tensor seeds = sample_seeds(static_cast<uint64_t>(flags.common.seed + at), rows);
    const torch::Tensor x = dequantised(to_bytes(images.x.narrow(0, at, rows)), seeds).to(device);
    const torch::Tensor label = told.narrow(at, rows).label;
    const DenoiserOf denoiser_of = [&](const torch::Tensor& some) {
      return model.denoiser(
          label.defined() && some.defined() ? label.to(device).index_select(0, some.to(device)) : label);
    };
    const Likelihood found = likelihood(denoiser_of, model.process(), x, seeds.to(device), flags.options);
    nats.push_back(found.nats.cpu());
    evaluations.push_back(found.evaluations.cpu().to(torch::kFloat64));
    progress.update(static_cast<double>(at + rows));
  }
  const torch::Tensor all = at::cat(nats), bits = bits_per_dimension(all, dimensions);
  const double error = count > 1 ? bits.std().item<double>() / std::sqrt(static_cast<double>(count)) : NAN;
  const torch::Tensor steps = at::cat(evaluations);
  Json each = Json::array();
  for (int64_t i = 0; i < count; ++i) each.push_back(bits[i].item<double>());
  Json figures = {{"run", flags.run},
                  {"images", count},
                  {"bits_per_dimension", bits.mean().item<double>()},
                  {"nats", all.mean().item<double>()},
                  {"evaluations", steps.mean().item<double>()},
                  {"most_evaluations", steps.max().item<double>()},
                  {"divergence", flags.options.divergence},
                  {"each", each}};
  if (count > 1) figures["standard_error"] = error;
  show(flags.common, figures,
       fmt::format("{} images: {:.4f} bits per dimension{}, {:.1f} nats; {:.0f} network evaluations on "
                   "average, {:.0f} "
                   "at most\n",
                   count, bits.mean().item<double>(), count > 1 ? fmt::format(" +- {:.4f}", error) : "",
                   all.mean().item<double>(), steps.mean().item<double>(), steps.max().item<double>()));
  return 0;
}

}  // namespace

void add_likelihood(CLI::App& app, Run& run) {
  auto flags = std::make_shared<LikelihoodFlags>();
  CLI::App* command = app.add_subcommand(
      "likelihood", "bits per dimension of images under a diffusion, by its probability flow");
  command->add_option("run", flags->run, "run folder or checkpoint file of a diffusion")->required();
  flags->source.count = 64;
  flags->source.add_to(command, 1, 1000000, "images of the data set");
  flags->condition.add_to(command, false);
  LikelihoodOptions& options = flags->options;
  command
      ->add_option("--divergence", options.divergence,
                   "hutchinson (random directions), or exact: one gradient for every pixel")
      ->capture_default_str()
      ->check(CLI::IsMember({"hutchinson", "exact"}));
  command->add_option("--probes", options.probes, "random directions of each image")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option("--tolerance", options.rtol, "relative and absolute tolerance of the solver")
      ->capture_default_str()
      ->check(CLI::Range(1e-12, 1.0));
  command
      ->add_option("--steps", options.grid_steps,
                   "above 0: this many fixed steps of Heun on a Karras grid instead of adaptive ones")
      ->capture_default_str()
      ->check(CLI::Range(0, 100000));
  command->add_option("--batch", flags->batch, "images at once; the figures do not depend on it")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  flags->common.add_to(command);
  command->callback([=, &run] {
    flags->options.atol = flags->options.rtol;
    run = [=] { return run_likelihood(*flags); };
  });
}

}  // namespace steer
