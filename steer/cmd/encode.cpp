// steer encode: images as a file of codes.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/metrics/reconstruction.h"

namespace steer {
namespace {

struct Flags {
  Common common;
  std::string run, data, split = "test", fit, out = "codes.ddn", coder = "adaptive";
  std::vector<std::string> images;
  int64_t count = 0, batch = 64;
};

int run_encode(const Flags& flags) {
  STEER_CHECK(flags.data.empty() != flags.images.empty(),
              "[encode] expected either image files or --data DIR");
  const torch::Device device = flags.common.start();
  const LoadedDdn loaded = open_ddn(flags.common, flags.run, device, "encode");
  const DdnModel& model = *loaded.model;
  const torch::Tensor x = flags.data.empty()
                              ? read_images(flags.images, model.shape(), flags.fit)
                              : load_images(flags.data, flags.split, flags.fit, model.shape(), flags.count).x;
  std::vector<torch::Tensor> codes, errors;
  for (int64_t at = 0; at < x.size(0); at += flags.batch) {
    const Reconstruction made =
        model.reconstruct(x.narrow(0, at, std::min(flags.batch, x.size(0) - at)).to(device));
    codes.push_back(made.code.cpu());
    errors.push_back(made.error.select(1, -1).cpu());
  }
  const CodeFile file = model.code_file(at::cat(codes), make_coder(flags.coder));
  const std::string bytes = write_codes(file);
  write_file(flags.out, bytes);
  say(fmt::format("wrote {}", flags.out));

  const double mse = at::cat(errors).mean().item<double>();
  const double latent_bits = model.network().latent_bits();
  const double file_bits = 8.0 * static_cast<double>(bytes.size()) / static_cast<double>(x.size(0));
  const Json figures = {{"run", flags.run},
                        {"out", flags.out},
                        {"images", x.size(0)},
                        {"coder", name(file.coder)},
                        {"fingerprint", fingerprint_text(file.fingerprint)},
                        {"bytes", bytes.size()},
                        {"latent_bits", latent_bits},
                        {"file_bits", file_bits},
                        {"mse", mse},
                        {"psnr", psnr(mse)}};
  show(flags.common, figures,
       fmt::format(
           "{} images in {} bytes, {}: {:.1f} bits per image in the file, {:.1f} bits per code; {:.2f} dB\n",
           x.size(0), bytes.size(), name(file.coder), file_bits, latent_bits, psnr(mse)));
  return 0;
}

}  // namespace

void add_encode(CLI::App& app, Run& run) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      app.add_subcommand("encode", "write images as a file of codes; prints bits per image and PSNR");
  command->add_option("run", flags->run, "run folder or checkpoint file of a ddn")->required();
  command->add_option("images", flags->images, "PNG or JPEG files, read in the model's channels");
  command->add_option("--data", flags->data, "a data set in place of files");
  command->add_option("--split", flags->split, "train or test")->capture_default_str();
  command
      ->add_option("--fit", flags->fit,
                   "images of another size: resize or pad (default: refused for files, padded for data sets)")
      ->check(CLI::IsMember({"resize", "pad", "crop"}));
  command->add_option("-n,--count", flags->count, "images of the data set; 0 = all")
      ->capture_default_str()
      ->check(CLI::Range(0, 100000000));
  command->add_option("-o,--out", flags->out, "file of codes to write (docs/code_format.md)")
      ->capture_default_str();
  command
      ->add_option("--coder", flags->coder,
                   "packed: every index in the same number of bits; adaptive: frequent indices in fewer")
      ->capture_default_str()
      ->check(CLI::IsMember({"packed", "adaptive"}));
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_encode(*flags); }; });
}

}  // namespace steer
