// steer rates: bits against error, layer by layer, beside the picture formats that everybody has.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/cmd/priors.h"
#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/tensors.h"
#include "steer/ddn/chooser.h"
#include "steer/ddn/progressive.h"
#include "steer/metrics/image_codecs.h"
#include "steer/metrics/reconstruction.h"

namespace steer {
namespace {

struct RatesFlags {
  Common common;
  std::string run, data, split = "test", fit, prior, csv;
  int64_t count = 1000, batch = 50;
};

// One point of a curve, averaged over the images: PSNR is the mean of each image's own.
struct Rate {
  std::string codec, setting;
  double bits;       // per image; for a layer by the prior, or packed where there is none
  double bare_bits;  // for a layer packed; for a file without what all such files share
  double psnr, mse;
};

// The code cut after each layer.
std::vector<Rate> code_rates(const RatesFlags& flags, const DdnModel& model, const Prior* prior,
                             const torch::Tensor& x, torch::Device device) {
  const auto shapes = model.network().shapes();
  std::vector<torch::Tensor> codes;
  std::vector<std::vector<torch::Tensor>> errors(shapes.size());
  for (int64_t at = 0; at < x.size(0); at += flags.batch) {
    const torch::Tensor some = x.narrow(0, at, std::min(flags.batch, x.size(0) - at)).to(device);
    const Progression made = progression(model.network(), some.size(0), nearest_to(some));
    codes.push_back(made.code.cpu());
    for (size_t l = 0; l < shapes.size(); ++l)
      errors[l].push_back(masked_mse(made.images[l].clamp(-1, 1), some).cpu());
  }
  const torch::Tensor code = at::cat(codes);
  torch::Tensor by_prior;
  if (prior) by_prior = prior->bits(code).mean(0).cumsum(0);
  std::vector<Rate> rates;
  double packed = 0;
  for (size_t l = 0; l < shapes.size(); ++l) {
    for (int64_t k = 1; k < shapes[l].candidates; k *= 2) ++packed;
    const torch::Tensor mse = at::cat(errors[l]);
    const double bits = prior ? by_prior[static_cast<int64_t>(l)].item<double>() : packed;
    rates.push_back({"ddn", std::to_string(l + 1), bits, packed, psnr(mse).mean().item<double>(),
                     mse.mean().item<double>()});
  }
  return rates;
}

Rate picture_rate(const std::string& codec, int quality, const torch::Tensor& bytes) {
  const auto through = codec == "jpeg" ? through_jpeg : through_webp;
  double bits = 0, bare = 0;
  std::vector<torch::Tensor> decoded;
  for (int64_t i = 0; i < bytes.size(0); ++i) {
    const CodedPicture coded = through(bytes[i], quality);
    bits += 8 * static_cast<double>(coded.bytes);
    bare += 8 * static_cast<double>(coded.payload_bytes);
    decoded.push_back(coded.decoded);
  }
  const auto count = static_cast<double>(bytes.size(0));
  const torch::Tensor mse = masked_mse(from_bytes(at::stack(decoded)), from_bytes(bytes));
  return {codec,        std::to_string(quality),         bits / count,
          bare / count, psnr(mse).mean().item<double>(), mse.mean().item<double>()};
}

int run_rates(const RatesFlags& flags) {
  const torch::Device device = flags.common.start();
  const LoadedDdn loaded = open_ddn(flags.common, flags.run, device, "rates");
  DdnModel& model = *loaded.model;
  const auto prior = find_prior(flags.prior, flags.run, model.code_file({}, Coder::kPrior).fingerprint);
  const torch::Tensor x = load_images(flags.data, flags.split, flags.fit, model.shape(), flags.count).x;
  std::vector<Rate> rates = code_rates(flags, model, prior.get(), x, device);
  const torch::Tensor bytes = to_bytes(x);
  for (const std::string codec : {"jpeg", "webp"})
    for (int quality : {1, 5, 10, 20, 30, 50, 70, 90}) rates.push_back(picture_rate(codec, quality, bytes));

  std::vector<std::vector<std::string>> rows = {{"codec", "layers or quality",
                                                 prior ? "bits (prior, file)" : "bits (packed, file)",
                                                 "bits (packed, bare)", "psnr", "mse"}};
  Json list = Json::array();
  std::string csv = "codec,setting,bits,bare_bits,psnr,mse\n";
  for (const Rate& rate : rates) {
    rows.push_back({rate.codec, rate.setting, fmt::format("{:.1f}", rate.bits),
                    fmt::format("{:.1f}", rate.bare_bits), fmt::format("{:.2f} dB", rate.psnr),
                    fmt::format("{:.5f}", rate.mse)});
    list.push_back({{"codec", rate.codec},
                    {"setting", std::stoi(rate.setting)},
                    {"bits", rate.bits},
                    {"bare_bits", rate.bare_bits},
                    {"psnr", rate.psnr},
                    {"mse", rate.mse}});
    csv += fmt::format("{},{},{:.3f},{:.3f},{:.4f},{:.7f}\n", rate.codec, rate.setting, rate.bits,
                       rate.bare_bits, rate.psnr, rate.mse);
  }
  if (!flags.csv.empty()) {
    write_file(flags.csv, csv);
    say(fmt::format("wrote {}", flags.csv));
  }
  const Json figures = {{"run", flags.run},
                        {"data", flags.data},
                        {"split", flags.split},
                        {"images", x.size(0)},
                        {"prior", prior ? fingerprint_text(prior->fingerprint()) : ""},
                        {"rates", list}};
  show(
      flags.common, figures,
      table(rows) +
          fmt::format("{} {} images, bits per image and mean PSNR at full size. ddn: the code cut after each "
                      "layer{}; jpeg, webp: the whole file, and bare without what all such files share "
                      "(headers and tables; the 20 bytes of container)\n",
                      x.size(0), flags.split,
                      prior ? ", by the prior and packed" : ", packed (steer prior learns one)"));
  return 0;
}

}  // namespace

void add_rates(CLI::App& app, Run& run) {
  auto flags = std::make_shared<RatesFlags>();
  CLI::App* command = app.add_subcommand(
      "rates", "bits per image against PSNR for every number of layers, beside JPEG and WebP");
  command->add_option("run", flags->run, "run folder or checkpoint file of a ddn")->required();
  command->add_option("--data", flags->data, "the data set")->required();
  command->add_option("--split", flags->split, "train or test")->capture_default_str();
  command->add_option("--fit", flags->fit, "how its images reach the model's size")
      ->check(CLI::IsMember({"resize", "pad", "crop"}));
  command->add_option("-n,--count", flags->count, "images; 0 = all")
      ->capture_default_str()
      ->check(CLI::Range(0, 10000000));
  add_prior_flag(command, flags->prior, "the prior that counts the bits");
  command->add_option("-o,--out", flags->csv, "also write the table as CSV");
  command->add_option("--batch", flags->batch, "images at once; the figures do not depend on it")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_rates(*flags); }; });
}

}  // namespace steer
