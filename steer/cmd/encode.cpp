// steer encode: images as a file of codes.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/core/files.h"
#include "steer/metrics/reconstruction.h"
#include "steer/work/coded_files.h"
#include "steer/work/outputs.h"

namespace steer {
namespace {

struct EncodeFlags {
  Common common;
  EncodingOptions options;
  std::string out = "codes.ddn";
};

int run_encode(const EncodeFlags& flags) {
  flags.options.source.check("encode");
  check_file_output(flags.out, OutputKind::kCodes, flags.common.force);
  const Computing computing = flags.common.start();
  EncodingOptions options = flags.options;
  options.device = computing.device;
  const LoadedModel loaded = opened(options.run, computing);
  const Encoding made = encode_source(loaded, options, on_terminal());
  write_file(flags.out, made.bytes);
  say(fmt::format("wrote {}", flags.out));
  Json figures = {{"run", options.run}, {"out", flags.out}};
  figures.update(made.figures);
  show(flags.common, figures,
       fmt::format("{} {} in {} bytes, {}: {:.1f} bits for each in the file, {:.1f} bits per code; {}\n",
                   made.samples, made.plural, made.bytes.size(), made.coder, made.file_bits, made.latent_bits,
                   made.quality));
  return 0;
}

}  // namespace

void add_encode(CLI::App& app, Run& run) {
  auto flags = std::make_shared<EncodeFlags>();
  EncodingOptions& options = flags->options;
  CLI::App* command =
      app.add_subcommand("encode", "write images as a file of codes; prints bits per image and PSNR");
  command->add_option("run", options.run, "run folder or checkpoint file of a ddn")->required();
  add_source_flags(command, options.source, 0, 100000000, "images of the data set; 0 = all");
  command->add_option("-o,--out", flags->out, "file of codes to write (docs/code_format.md)")
      ->capture_default_str();
  add_force_flag(command, flags->common.force, "a file");
  command
      ->add_option("--coder", options.coder,
                   "packed: every index in the same number of bits; adaptive: frequent indices in fewer; "
                   "prior: indices in fewer that a learned prior expects")
      ->capture_default_str()
      ->check(CLI::IsMember({"packed", "adaptive", "prior"}));
  add_prior_flag(command, options.prior, "with --coder prior: the prior, which decode needs as well");
  add_telling_flags(command, options.telling, false);
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_encode(*flags); }; });
}

}  // namespace steer
