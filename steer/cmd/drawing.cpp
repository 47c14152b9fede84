#include "steer/cmd/drawing.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <iostream>

#include "steer/cmd/priors.h"
#include "steer/core/check.h"
#include "steer/core/progress.h"
#include "steer/core/random.h"

namespace steer {

void DrawingFlags::add_to(CLI::App* command, bool alone) {
  condition.add_to(command);
  sampler.add_to(command);
  by_prior_ =
      add_prior_flag(command, prior,
                     "draw a ddn's codes from its learned prior instead of all alike; FILE may be left out")
          ->expected(0, 1);
  if (!alone) return;
  command->add_option("--batch", batch, "samples made at once; the samples do not depend on it")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  command->add_option("--fit", fit, "condition images of another size: resize or pad (default: refused)")
      ->check(CLI::IsMember({"resize", "pad"}));
  command
      ->add_option("--temperature", temperature,
                   "with --prior: below 1 what is likely comes more often, above 1 less often")
      ->capture_default_str()
      ->check(CLI::Range(0.05, 20.0))
      ->needs(by_prior_);
}

Drawn DrawingFlags::draw(Model& model, const std::string& run, int64_t count, int64_t seed,
                         torch::Device device) const {
  std::unique_ptr<Prior> codes;
  const auto* ddn = dynamic_cast<const DdnModel*>(&model);
  if (by_prior_->count() > 0) {
    STEER_CHECK(ddn, "[sample] --prior: expected a ddn but got a ", model.family());
    codes = open_prior(prior, run, ddn->code_file({}, Coder::kPrior).fingerprint);
  }
  const std::optional<SamplerOptions> drawing = sampler.options(model);
  const Told told = condition.told(model, count, fit);
  Progress progress("sample", static_cast<double>(count), isatty(STDERR_FILENO), std::cerr, "");
  const auto begin = std::chrono::steady_clock::now();
  std::vector<torch::Tensor> images;
  int64_t evaluations = 0;
  for (int64_t at = 0; at < count; at += batch) {
    SampleRequest request;
    request.seeds = sample_seeds(static_cast<uint64_t>(seed + at), std::min(batch, count - at), device);
    const int64_t rows = request.seeds.size(0);
    progress.update(static_cast<double>(at));
    if (codes) {
      const Told some = told.narrow(at, rows);
      const torch::Tensor code = codes->sample(request.seeds, temperature).to(device);
      images.push_back(ddn->decode(code, some.label, some.image).clamp(-1, 1).cpu());
      continue;
    }
    told.put_into(request, at, rows);
    if (drawing) request.sampler = &*drawing;
    request.progress = [&](double share) {
      progress.update(static_cast<double>(at) + share * static_cast<double>(rows));
    };
    const Samples made = model.sample(request);
    images.push_back(made.images.cpu());
    evaluations = std::max(evaluations, made.evaluations);
  }
  Drawn drawn;
  drawn.images = at::cat(images);
  drawn.label = told.label;
  drawn.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  drawn.figures = Json::object();
  if (drawing) {
    drawn.figures["sampler"] = sampler_json(*drawing);
    drawn.figures["evaluations"] = evaluations;
    drawn.text = fmt::format("{}: {} network evaluations per sample\n", sampler_text(*drawing), evaluations);
  }
  if (codes) {
    drawn.figures["prior"] = fingerprint_text(codes->fingerprint());
    drawn.figures["temperature"] = temperature;
  }
  if (!condition.label.empty()) drawn.figures["label"] = condition.label;
  if (!condition.images.empty()) drawn.figures["condition"] = condition.images;
  return drawn;
}

}  // namespace steer
