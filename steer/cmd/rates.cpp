// steer rates: bits against error, layer by layer, beside the formats of files that everybody has.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/core/files.h"
#include "steer/work/outputs.h"
#include "steer/work/rate_curve.h"

namespace steer {
namespace {

struct RatesFlags {
  Common common;
  RateOptions options;
  std::string csv;
};

std::string rate_table(const RateCurve& curve) {
  std::vector<std::vector<std::string>> rows = {
      {"codec", "layers or quality", curve.by_prior ? "bits (prior, file)" : "bits (packed, file)",
       "bits (packed, bare)", "psnr", "mse"}};
  for (const Rate& rate : curve.rates)
    rows.push_back({rate.codec, std::to_string(rate.setting), fmt::format("{:.1f}", rate.bits),
                    fmt::format("{:.1f}", rate.bare_bits), fmt::format("{:.2f} dB", rate.psnr),
                    fmt::format("{:.5f}", rate.mse)});
  return table(rows);
}

// What the columns hold.
std::string rate_legend(const RateCurve& curve, const std::string& split) {
  std::string text = fmt::format(
      "{} {} images, bits per image and mean PSNR at full size. {}: the code cut after each layer{}",
      curve.samples, split, curve.rates[0].codec,
      curve.by_prior ? ", by the prior and packed" : ", packed (steer prior learns one)");
  for (const auto& [name, shared] : curve.files)
    text +=
        fmt::format("; {}: the whole file, and bare without what all such files share ({})", name, shared);
  text += "\n";
  for (const RateComparison& one : curve.savings)
    text += fmt::format("bits at the same PSNR against {}{}: {:+.1f} % (BD-rate, {:.1f} to {:.1f} dB)\n",
                        one.format, one.bare ? ", bare" : "", 100 * one.saving.share, one.saving.from,
                        one.saving.to);
  return text;
}

int run_rates(const RatesFlags& flags) {
  if (!flags.csv.empty()) check_file_output(flags.csv, OutputKind::kTable, flags.common.force);
  const Computing computing = flags.common.start();
  RateOptions options = flags.options;
  options.device = computing.device;
  const LoadedModel loaded = opened(options.run, computing);
  const RateCurve curve = rate_curve(loaded, options, on_terminal());
  if (!flags.csv.empty()) {
    write_file(flags.csv, csv_of(curve.rates));
    say(fmt::format("wrote {}", flags.csv));
  }
  Json figures = {{"run", options.run}, {"data", options.data}, {"split", options.split}};
  figures.update(curve.figures);
  show(flags.common, figures, rate_table(curve) + rate_legend(curve, options.split));
  return 0;
}

}  // namespace

void add_rates(CLI::App& app, Run& run) {
  auto flags = std::make_shared<RatesFlags>();
  RateOptions& options = flags->options;
  CLI::App* command = app.add_subcommand(
      "rates", "bits per image against PSNR for every number of layers, beside JPEG, WebP and JPEG XL");
  command->add_option("run", options.run, "run folder or checkpoint file of a ddn")->required();
  command->add_option("--data", options.data, "the data set")->required();
  command->add_option("--split", options.split, "train, test or validation")->capture_default_str();
  add_fit_flags(command, options.fit, "how its images reach the model's size");
  command->add_option("-n,--count", options.count, "images; 0 = all")
      ->capture_default_str()
      ->check(CLI::Range(0, 10000000));
  add_prior_flag(command, options.prior, "the prior that counts the bits");
  command->add_option("-o,--out", flags->csv, "also write the table as CSV");
  add_force_flag(command, flags->common.force, "a file");
  command->add_option("--batch", options.batch, "images at once; the figures do not depend on it")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_rates(*flags); }; });
}

}  // namespace steer
