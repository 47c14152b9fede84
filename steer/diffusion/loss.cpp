#include "steer/diffusion/loss.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/core/random.h"

namespace steer {
namespace {

// Quantiles of the distribution of the options; u in (0, 1).
Tensor quantiles(const NoiseDrawOptions& o, const std::string& type, const Process& process,
                 const Tensor& u) {
  const double low = process.train_sigma_min(), high = process.train_sigma_max();
  if (type == "log_normal" || type == "logit_normal")
    return (o.mean + o.std * std::sqrt(2.0) * (2 * u - 1).erfinv()).exp();
  if (type == "log_uniform") return low * (u * std::log(high / low)).exp();
  if (type == "uniform_t") {
    const Tensor ends = process.time(at::tensor({low, high}, u.options()));
    return process.sigma(ends[0] + (ends[1] - ends[0]) * u);
  }
  const int64_t entries = process.table().numel();
  return process.table().take(
      (u * static_cast<double>(entries)).floor().to(torch::kInt64).clamp_max(entries - 1));
}

std::string type_of(const NoiseDrawOptions& o, const Process& process) {
  if (o.type != "auto") return o.type;
  if (process.table().defined()) return "table";
  return process.type() == "edm" ? "log_normal" : "uniform_t";
}

}  // namespace

Tensor draw_sigmas(const NoiseDrawOptions& o, const Process& process, int64_t count, uint64_t seed) {
  static const std::vector<std::string> names = {"auto",         "log_normal",  "uniform_t",
                                                 "logit_normal", "log_uniform", "table"};
  STEER_CHECK(std::find(names.begin(), names.end(), o.type) != names.end(), "[draw_sigmas] expected type ",
              "auto, log_normal, uniform_t, logit_normal, log_uniform or table but got ", o.type,
              did_you_mean(o.type, names));
  check_options(o, "draw_sigmas");
  const std::string type = type_of(o, process);
  STEER_CHECK(type != "table" || process.table().defined(),
              "[draw_sigmas] expected a process with a table, ddpm, cosine or polynomial, but got ",
              process.type());
  Random random(seed);
  std::vector<double> u;
  for (int64_t i = 0; i < count; ++i) {
    const double drawn = random.uniform();
    const double place = o.stratified ? (static_cast<double>(i) + drawn) / static_cast<double>(count) : drawn;
    u.push_back(std::clamp(place, 1e-12, 1 - 1e-12));
  }
  return quantiles(o, type, process, at::tensor(u, at::TensorOptions().dtype(torch::kFloat64)));
}

const std::vector<Named>& loss_weights() {
  static const std::vector<Named> table = {
      {"unit", "every level alike, on what the network predicts"},
      {"snr", "the share of data in the noisy sample: less at much noise"},
      {"soft_min_snr", "most where noise and data are equally strong"},
      {"x0", "every level alike, on the denoised sample"},
  };
  return table;
}

const std::vector<std::string>& weight_names() {
  static const std::vector<std::string> names = names_of(loss_weights());
  return names;
}

Tensor loss_weight(const std::string& name, Prediction prediction, const Process& process,
                   const Tensor& sigma) {
  const auto& names = weight_names();
  STEER_CHECK(std::find(names.begin(), names.end(), name) != names.end(),
              "[loss_weight] expected unit, snr, soft_min_snr or x0 but got ", name,
              did_you_mean(name, names));
  const Tensor level = sigma.to(torch::kFloat64);
  const double square_sd = process.sigma_data() * process.sigma_data();
  const Tensor both = level * level + square_sd;
  if (name == "snr") return square_sd / both;
  if (name == "soft_min_snr") return level * level * square_sd / (both * both);
  if (name == "x0") return preconditioning(prediction, process, level).out.square();
  return at::ones_like(level);
}

Tensor denoising_loss(const NoisePredictor& network, Prediction prediction, const Process& process,
                      const Tensor& x, const Tensor& sigma, const Tensor& noise, const std::string& weight) {
  STEER_CHECK(x.sizes() == noise.sizes(), "[denoising_loss] expected noise of the shape of x but got ",
              noise.numel(), " numbers for ", x.numel());
  const Tensor level = sigma.to(torch::kFloat64);
  const Preconditioning c = preconditioning(prediction, process, level);
  const Tensor input = over(c.in, x) * x + over(c.in * level, x) * noise;
  const Tensor target = over((1 - c.skip) / c.out, x) * x - over(c.skip * level / c.out, x) * noise;
  const Tensor f = network(input, c.label.to(x.device(), x.scalar_type())).to(x.scalar_type());
  const Tensor error = (f - target).square().flatten(1).mean(1);
  return loss_weight(weight, prediction, process, level).to(error.options()) * error;
}

}  // namespace steer
