// steer reconstruct: images through the code and back, with the error after each layer.
#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/cmd/condition.h"
#include "steer/core/tensors.h"
#include "steer/ddn/chooser.h"
#include "steer/ddn/progressive.h"
#include "steer/metrics/reconstruction.h"

namespace steer {
namespace {

struct ReconstructFlags {
  Common common;
  ImageSource source;
  ConditionFlags condition;
  std::string run, out = "reconstructions.png", strip;
  int64_t strip_columns = 25;
  int64_t batch = 64, beam = 1;
};

// Each image beside what the first layers of its code say of it.
void write_strip(const ReconstructFlags& flags, const DdnModel& model, const torch::Tensor& x,
                 const Told& told, const torch::Tensor& code) {
  const std::vector<int64_t> layers = spread_layers(model.network().depth(), flags.strip_columns);
  std::vector<torch::Tensor> rows;
  for (int64_t at = 0; at < x.size(0); at += flags.batch) {
    const int64_t count = std::min(flags.batch, x.size(0) - at);
    const Told some = told.narrow(at, count);
    const Progression made = progression(model.network(), count, follow(code.narrow(0, at, count)), layers,
                                         model.condition(some.label, some.image));
    std::vector<torch::Tensor> columns = {x.narrow(0, at, count)};
    for (const torch::Tensor& images : made.images) columns.push_back(images.clamp(-1, 1).cpu());
    rows.push_back(at::stack(columns, 1).flatten(0, 1));
  }
  std::vector<int64_t> shown;
  for (int64_t layer : layers) shown.push_back(layer + 1);
  write_picture(flags.strip, image_grid(at::cat(rows), static_cast<int64_t>(layers.size()) + 1),
                {{"run", flags.run}, {"images", x.size(0)}, {"layers", shown}});
}

int run_reconstruct(const ReconstructFlags& flags) {
  flags.source.check("reconstruct");
  const torch::Device device = flags.common.start();
  const LoadedDdn loaded = open_ddn(flags.common, flags.run, device, "reconstruct");
  const auto [x, label] = flags.source.load_labelled(loaded.model->shape());
  const Told told = flags.condition.told_by(*loaded.model, x, label, flags.source.fit);
  const Reconstruction made = reconstruct_all(*loaded.model, x, flags.batch, flags.beam, device, told.label);
  const torch::Tensor mean = made.error.mean(0);
  const auto shapes = loaded.model->network().shapes();
  std::vector<std::vector<std::string>> rows = {{"layer", "size", "K", "mse", "psnr"}};
  Json by_layer = Json::array();
  for (int64_t l = 0; l < mean.size(0); ++l) {
    const double mse = mean[l].item<double>();
    const LayerShape& s = shapes[static_cast<size_t>(l)];
    by_layer.push_back(mse);
    rows.push_back({std::to_string(l + 1), fmt::format("{0}x{0}", s.size), std::to_string(s.candidates),
                    fmt::format("{:.5f}", mse), fmt::format("{:.2f} dB", psnr(mse))});
  }
  const double mse = mean[-1].item<double>();
  const Json figures = {{"run", flags.run},
                        {"images", x.size(0)},
                        {"mse", mse},
                        {"psnr", psnr(mse)},
                        {"mse_by_layer", by_layer}};
  write_picture(flags.out, stacked_grid({x, made.images.clamp(-1, 1)}, 8), figures);
  if (!flags.strip.empty()) write_strip(flags, *loaded.model, x, told, made.code);
  show(flags.common, figures,
       table(rows) + fmt::format("{} images: mean squared error {:.5f} on [-1, 1] ({:.2f} dB)\n", x.size(0),
                                 mse, psnr(mse)));
  return 0;
}

}  // namespace

void add_reconstruct(CLI::App& app, Run& run) {
  auto flags = std::make_shared<ReconstructFlags>();
  CLI::App* command = app.add_subcommand(
      "reconstruct", "encode images and decode them again; prints the error after each layer");
  command->add_option("run", flags->run, "run folder or checkpoint file of a ddn")->required();
  flags->source.count = 16;
  flags->source.add_to(command, 1, 1000000, "images of the data set");
  command->add_option("--beam", flags->beam, "encode with this many prefixes side by side; 1 = greedy")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  command->add_option("-o,--out", flags->out, "picture to write: truth above reconstruction")
      ->capture_default_str();
  command->add_option("--strip", flags->strip,
                      "another picture: each row an image, then what its code says after each layer");
  command
      ->add_option("--strip-columns", flags->strip_columns,
                   "layers in the strip at most, evenly spread from the first to the last")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  flags->condition.add_to(command, false);
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_reconstruct(*flags); }; });
}

}  // namespace steer
