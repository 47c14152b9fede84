// steer sample: unguided samples as one picture.
#include <fmt/format.h>

#include <chrono>

#include "steer/cmd/command.h"
#include "steer/cmd/condition.h"
#include "steer/cmd/judge.h"
#include "steer/cmd/priors.h"
#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

struct Flags {
  Common common;
  ConditionFlags condition;
  std::string run, fit, out = "samples.png", prior, judge;
  int64_t count = 64, batch = 64;
  double temperature = 1;
  bool by_prior = false;
};

// A column for each label of several, as far as they fit.
constexpr size_t kMaxColumns = 32;

int run_sample(const Flags& flags) {
  const torch::Device device = flags.common.start();
  LoadedModel loaded = open_model(flags.common, flags.run, device);
  std::unique_ptr<Prior> prior;
  const auto* ddn = dynamic_cast<const DdnModel*>(loaded.model.get());
  if (flags.by_prior) {
    STEER_CHECK(ddn, "[sample] --prior: expected a ddn but got a ", loaded.model->family());
    prior = open_prior(flags.prior, flags.run, ddn->code_file({}, Coder::kPrior).fingerprint);
  }
  const Told told = flags.condition.told(*loaded.model, flags.count, flags.fit);
  const auto begin = std::chrono::steady_clock::now();
  std::vector<torch::Tensor> images;
  for (int64_t at = 0; at < flags.count; at += flags.batch) {
    SampleRequest request;
    request.seeds = sample_seeds(static_cast<uint64_t>(flags.common.seed + at),
                                 std::min(flags.batch, flags.count - at), device);
    if (prior) {
      const Told some = told.narrow(at, request.seeds.size(0));
      const torch::Tensor code = prior->sample(request.seeds, flags.temperature).to(device);
      images.push_back(ddn->decode(code, some.label, some.image).clamp(-1, 1).cpu());
      continue;
    }
    told.put_into(request, at, request.seeds.size(0));
    images.push_back(loaded.model->sample(request).images.cpu());
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  Json figures = {{"run", flags.run},
                  {"out", flags.out},
                  {"samples", flags.count},
                  {"seed", flags.common.seed},
                  {"seconds", seconds}};
  if (prior) {
    figures["prior"] = fingerprint_text(prior->fingerprint());
    figures["temperature"] = flags.temperature;
  }
  if (!flags.condition.label.empty()) figures["label"] = flags.condition.label;
  if (!flags.condition.images.empty()) figures["condition"] = flags.condition.images;
  const size_t labels = flags.condition.labels(*loaded.model).size();
  const int64_t columns = labels > 1 && labels <= kMaxColumns ? static_cast<int64_t>(labels) : 0;
  Verdict verdict;
  if (!flags.judge.empty()) {
    STEER_CHECK(told.label.defined(), "[sample] --judge: expected --label, classes to judge by");
    verdict = judged(flags.judge, at::cat(images), told.label.cpu(), torch::kCPU);
    figures["judge"] = verdict.figures;
  }
  write_picture(flags.out, image_grid(at::cat(images), columns), figures);
  show(flags.common, figures,
       verdict.text + fmt::format("{} samples in {:.2f} s ({:.1f} per second)\n", flags.count, seconds,
                                  static_cast<double>(flags.count) / seconds));
  return 0;
}

}  // namespace

void add_sample(CLI::App& app, Run& run) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("sample", "draw samples from a trained model");
  command->add_option("run", flags->run, "run folder or checkpoint file")->required();
  command->add_option("-n,--count", flags->count, "number of samples")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  command
      ->add_option("-o,--out", flags->out, "picture to write (PNG; a .json beside it says how it was made)")
      ->capture_default_str();
  command->add_option("--batch", flags->batch, "samples made at once; the samples do not depend on it")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  flags->condition.add_to(command);
  command->add_option("--judge", flags->judge,
                      "with --label: a classifier (run, checkpoint or TorchScript file) that tells how many "
                      "samples are of their class");
  command
      ->add_option("--fit", flags->fit, "condition images of another size: resize or pad (default: refused)")
      ->check(CLI::IsMember({"resize", "pad"}));
  CLI::Option* prior =
      add_prior_flag(command, flags->prior,
                     "draw a ddn's codes from its learned prior instead of all alike; FILE may be left out")
          ->expected(0, 1);
  command
      ->add_option("--temperature", flags->temperature,
                   "with --prior: below 1 what is likely comes more often, above 1 less often")
      ->capture_default_str()
      ->check(CLI::Range(0.05, 20.0))
      ->needs(prior);
  flags->common.add_to(command);
  command->callback([=, &run] {
    flags->by_prior = prior->count() > 0;
    run = [=] { return run_sample(*flags); };
  });
}

}  // namespace steer
