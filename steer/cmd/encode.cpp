// steer encode: images as a file of codes.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/cmd/condition.h"
#include "steer/cmd/priors.h"
#include "steer/core/files.h"
#include "steer/metrics/reconstruction.h"

namespace steer {
namespace {

struct EncodeFlags {
  Common common;
  ImageSource source;
  ConditionFlags condition;
  std::string run, out = "codes.ddn", coder = "adaptive", prior;
  int64_t batch = 64;
};

int run_encode(const EncodeFlags& flags) {
  flags.source.check("encode");
  const torch::Device device = flags.common.start();
  const LoadedDdn loaded = open_ddn(flags.common, flags.run, device, "encode");
  const DdnModel& model = *loaded.model;
  const Coder coder = make_coder(flags.coder);
  // Looked for first: without its prior nothing is encoded.
  std::unique_ptr<Prior> prior;
  if (coder == Coder::kPrior)
    prior = open_prior(flags.prior, flags.run, model.code_file({}, coder).fingerprint);
  const auto [x, label] = flags.source.load_labelled(model.shape());
  const Told told = flags.condition.told_by(model, x, label, flags.source.fit);
  const Reconstruction made = reconstruct_all(model, x, flags.batch, 1, device, told.label);
  const CodeFile file = model.code_file(made.code, coder);
  const std::string bytes = write_codes(file, prior.get());
  write_file(flags.out, bytes);
  say(fmt::format("wrote {}", flags.out));

  const double mse = made.error.select(1, -1).mean().item<double>();
  const double latent_bits = model.network().latent_bits();
  const double file_bits = 8.0 * static_cast<double>(bytes.size()) / static_cast<double>(x.size(0));
  Json figures = {{"run", flags.run},
                  {"out", flags.out},
                  {"images", x.size(0)},
                  {"coder", name(file.coder)},
                  {"fingerprint", fingerprint_text(file.fingerprint)},
                  {"bytes", bytes.size()},
                  {"latent_bits", latent_bits},
                  {"file_bits", file_bits},
                  {"mse", mse},
                  {"psnr", psnr(mse)}};
  if (prior) figures["prior_bits"] = prior->bits(made.code).sum(1).mean().item<double>();
  show(flags.common, figures,
       fmt::format(
           "{} images in {} bytes, {}: {:.1f} bits per image in the file, {:.1f} bits per code; {:.2f} dB\n",
           x.size(0), bytes.size(), name(file.coder), file_bits, latent_bits, psnr(mse)));
  return 0;
}

}  // namespace

void add_encode(CLI::App& app, Run& run) {
  auto flags = std::make_shared<EncodeFlags>();
  CLI::App* command =
      app.add_subcommand("encode", "write images as a file of codes; prints bits per image and PSNR");
  command->add_option("run", flags->run, "run folder or checkpoint file of a ddn")->required();
  flags->source.add_to(command, 0, 100000000, "images of the data set; 0 = all");
  command->add_option("-o,--out", flags->out, "file of codes to write (docs/code_format.md)")
      ->capture_default_str();
  command
      ->add_option("--coder", flags->coder,
                   "packed: every index in the same number of bits; adaptive: frequent indices in fewer; "
                   "prior: indices in fewer that a learned prior expects")
      ->capture_default_str()
      ->check(CLI::IsMember({"packed", "adaptive", "prior"}));
  add_prior_flag(command, flags->prior, "with --coder prior: the prior, which decode needs as well");
  flags->condition.add_to(command, false);
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_encode(*flags); }; });
}

}  // namespace steer
