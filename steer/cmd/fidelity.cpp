#include "steer/cmd/fidelity.h"

#include <fmt/format.h>

#include "steer/metrics/coverage.h"
#include "steer/metrics/frechet.h"
#include "steer/nn/saved_network.h"
#include "steer/objectives/pieces.h"

namespace steer {
namespace {

struct Compared {
  double frechet, kernel;
  Coverage coverage;
};

Compared compared(const torch::Tensor& made, const torch::Tensor& real) {
  return {frechet_distance(moments(made), moments(real)), kernel_distance(made, real), coverage(real, made)};
}

Json fidelity_figures(const Compared& c) {
  return {{"frechet", c.frechet},
          {"kernel", c.kernel},
          {"precision", c.coverage.precision},
          {"recall", c.coverage.recall}};
}

std::vector<std::string> row(const std::string& name, const Compared& c) {
  return {name, fmt::format("{:.3f}", c.frechet), fmt::format("{:.5f}", c.kernel),
          fmt::format("{:.3f}", c.coverage.precision), fmt::format("{:.3f}", c.coverage.recall)};
}

}  // namespace

Fidelity fidelity(const std::string& features, const torch::Tensor& samples, const std::string& data,
                  const std::string& split, const std::string& fit, const ImageShape& shape,
                  torch::Device device) {
  torch::NoGradGuard no_grad;
  const SavedNetwork network = load_features(features, device);
  const auto seen = [&](const torch::Tensor& x) { return in_pieces(x.to(device), network).cpu(); };
  const std::string other = split == "test" ? "train" : "test";
  const torch::Tensor real = load_images(data, split, fit, shape, samples.size(0)).x;
  const torch::Tensor real_features = seen(real);
  const Compared made = compared(seen(samples), real_features);
  Fidelity result;
  result.figures = fidelity_figures(made);
  result.figures["features"] = features;
  result.figures["samples"] = samples.size(0);
  result.figures["reference"] = {{"data", data}, {"split", split}, {"images", real.size(0)}};
  std::vector<std::vector<std::string>> rows = {{"", "frechet", "kernel", "precision", "recall"},
                                                row("samples", made)};
  const torch::Tensor second = load_images(data, other, fit, shape, real.size(0)).x;
  const Compared scale = compared(seen(second), real_features);
  result.figures["real"] = fidelity_figures(scale);
  result.figures["real"]["images"] = second.size(0);
  rows.push_back(row(other + " images", scale));
  result.text =
      table(rows) + fmt::format("{} samples and {} {} images against {} {} images, features of {}\n",
                                samples.size(0), second.size(0), other, real.size(0), split, features);
  return result;
}

}  // namespace steer
