#include "steer/diffusion/process.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/core/pi.h"

namespace steer {
namespace {

Tensor from_values(const std::vector<double>& values) {
  return at::tensor(values, at::TensorOptions().dtype(torch::kFloat64));
}

// The value of a table at a place between its entries: linear in the logarithm.
Tensor table_at(const Tensor& table, const Tensor& index) {
  const Tensor logs = table.to(index.device()).log();
  const int64_t last = table.numel() - 1;
  const Tensor place = index.clamp(0, static_cast<double>(last));
  const Tensor below = place.floor().to(torch::kInt64).clamp_max(last - 1);
  const Tensor part = place - below;
  // At the entries themselves the table is given back exactly.
  const Tensor between = (logs.take(below) * (1 - part) + logs.take(below + 1) * part).exp();
  const Tensor exact = table.to(index.device()).take(place.round().to(torch::kInt64));
  return at::where(place == place.round(), exact, between);
}

Tensor table_index(const Tensor& table, const Tensor& sigma) {
  const Tensor values = table.to(sigma.device());
  const int64_t last = table.numel() - 1;
  const Tensor inside = at::max(at::min(sigma, values[last]), values[0]);
  const Tensor above = at::searchsorted(values, inside).clamp(1, last);
  const Tensor low = values.take(above - 1).log();
  return above - 1 + (inside.log() - low) / (values.take(above).log() - low);
}

}  // namespace

const std::vector<Named>& processes() {
  static const std::vector<Named> table = {
      {"edm", "noise added to data that keep their scale, with the preconditioning of Karras et al. 2022"},
      {"vp", "variance preserving: data shrink while noise grows (Song et al. 2021)"},
      {"subvp", "as vp with less noise (Song et al. 2021)"},
      {"ve", "variance exploding: noise added in geometric steps (Song et al. 2021)"},
      {"ddpm", "a table of linear betas (Ho et al. 2020)"},
      {"cosine", "a table of squared cosines (Nichol and Dhariwal 2021)"},
      {"polynomial", "a table of squared polynomials (Hoogeboom et al. 2022, molecules)"},
      {"flow", "a straight way from data to noise: flow matching"},
  };
  return table;
}

const std::vector<std::string>& process_names() {
  static const std::vector<std::string> names = names_of(processes());
  return names;
}

Tensor ddpm_table(int64_t steps, double beta_min, double beta_max) {
  std::vector<double> sigmas;
  double abar = 1;
  for (int64_t i = 0; i < steps; ++i) {
    const double ramp = static_cast<double>(i) / static_cast<double>(steps - 1);
    abar *= 1 - (beta_min + ramp * (beta_max - beta_min)) / static_cast<double>(steps);
    sigmas.push_back(std::sqrt((1 - abar) / abar));
  }
  return from_values(sigmas);
}

Tensor cosine_table(int64_t steps) {
  const double whole = static_cast<double>(steps) * 1.008;
  const auto abar = [&](int64_t j) {
    return std::pow(std::sin(kPi / 2 * static_cast<double>(j) / whole), 2);
  };
  // Karras et al. 2022, table 1: u_M = 0 and down to u_0, the noisiest.
  std::vector<double> sigmas;
  double u = 0;
  for (int64_t j = steps; j > 0; --j) {
    u = std::sqrt((u * u + 1) / std::max(abar(j - 1) / abar(j), 1e-3) - 1);
    sigmas.push_back(u);
  }
  return from_values(sigmas);
}

Tensor polynomial_table(int64_t steps) {
  constexpr double kRest = 1e-5;
  std::vector<double> sigmas;
  double share = 1, before = 1;
  for (int64_t i = 0; i <= steps; ++i) {
    const double time = static_cast<double>(i) / static_cast<double>(steps);
    const double wanted = std::pow(1 - time * time, 2);
    share *= std::max(wanted / before, 1e-3);
    before = wanted;
    const double kept = (1 - 2 * kRest) * share + kRest;
    sigmas.push_back(std::sqrt((1 - kept) / kept));
  }
  return from_values(sigmas);
}

Process::Process(const ProcessOptions& options) : options_(options) {
  const ProcessOptions& o = options_;
  const auto& names = process_names();
  STEER_CHECK(std::find(names.begin(), names.end(), o.type) != names.end(), "[process] expected type ",
              "edm, vp, subvp, ve, ddpm, cosine, polynomial or flow but got ", o.type,
              did_you_mean(o.type, names));
  STEER_CHECK(o.beta_min > 0 && o.beta_max > o.beta_min,
              "[process] expected 0 < beta_min < beta_max but got ", o.beta_min, " and ", o.beta_max);
  check_options(o, "process");
  STEER_CHECK(o.steps >= 2, "[process] expected steps from 2 to 1000001 but got ", o.steps);
  STEER_CHECK(o.type != "ddpm" || o.beta_max < static_cast<double>(o.steps),
              "[process] expected beta_max below steps but got ", o.beta_max, " and ", o.steps);
  if (o.type == "ddpm") table_ = ddpm_table(o.steps, o.beta_min, o.beta_max);
  if (o.type == "cosine") table_ = cosine_table(o.steps);
  if (o.type == "polynomial") table_ = polynomial_table(o.steps);

  // The type's own ranges, in the order of the table in the header.
  double low = 0.002, high = 80;
  train_sigma_min_ = 0, train_sigma_max_ = 0;
  if (o.type == "ve") low = 0.01, high = 50;
  if (o.type == "vp" || o.type == "subvp") {
    low = sigma_at(1e-3), high = sigma_at(1);
    train_sigma_min_ = sigma_at(1e-5);
  }
  if (o.type == "flow") {
    low = sigma_at(1e-3), high = sigma_at(1 - 1e-3);
    train_sigma_min_ = sigma_at(1e-5);
  }
  if (table_.defined()) {
    low = table_[0].item<double>(), high = table_[-1].item<double>();
    train_sigma_min_ = low, train_sigma_max_ = high;
    // The cosine table ends far above every use: EDM samples from the entries up to 81.
    if (o.type == "cosine") high = table_.masked_select(table_ <= std::max(81.0, low)).max().item<double>();
  }
  sigma_min_ = o.sigma_min > 0 ? o.sigma_min : low;
  sigma_max_ = o.sigma_max > 0 ? o.sigma_max : high;
  STEER_CHECK(o.sigma_min >= 0 && o.sigma_max >= 0 && std::isfinite(sigma_max_) && sigma_min_ < sigma_max_,
              "[process] expected 0 < sigma_min < sigma_max but got ", sigma_min_, " and ", sigma_max_);
  if (train_sigma_min_ == 0) train_sigma_min_ = sigma_min_;
  if (train_sigma_max_ == 0) train_sigma_max_ = sigma_max_;
}

Tensor Process::exponent(const Tensor& time) const {
  return (options_.beta_max - options_.beta_min) / 2 * time * time + options_.beta_min * time;
}

Tensor Process::time_of_exponent(const Tensor& b) const {
  // (sqrt(bmin^2 + 2 bd B) - bmin) / bd, written without the difference of two near numbers.
  const double bmin = options_.beta_min, bd = options_.beta_max - options_.beta_min;
  return 2 * b / ((bmin * bmin + 2 * bd * b).sqrt() + bmin);
}

double Process::sigma_at(double time) const {
  return sigma(from_values({time})).item<double>();
}

Tensor Process::sigma(const Tensor& time) const {
  if (type() == "vp") return exponent(time).expm1().sqrt();
  if (type() == "subvp") return 2 * (exponent(time) / 2).sinh();
  if (type() == "ve") return sigma_min_ * (time * std::log(sigma_max_ / sigma_min_)).exp();
  if (type() == "flow") return time / (1 - time);
  if (table_.defined()) return table_at(table_, time);
  return time.clone();
}

Tensor Process::time(const Tensor& sigma) const {
  if (type() == "vp") return time_of_exponent((sigma * sigma).log1p());
  if (type() == "subvp") return time_of_exponent(2 * (sigma / 2).asinh());
  if (type() == "ve") return (sigma / sigma_min_).log() / std::log(sigma_max_ / sigma_min_);
  if (type() == "flow") return sigma / (1 + sigma);
  if (table_.defined()) return table_index(table_, sigma);
  return sigma.clone();
}

Tensor Process::scale(const Tensor& sigma) const {
  if (type() == "edm" || type() == "ve") return at::ones_like(sigma);
  if (type() == "subvp") return (-(sigma / 2).asinh()).exp();
  if (type() == "flow") return 1 / (1 + sigma);
  return (1 + sigma * sigma).rsqrt();
}

Tensor Process::noise_label(const Tensor& sigma) const {
  if (type() == "edm") return sigma.log() / 4;
  if (type() == "ve") return (sigma / 2).log();
  if (type() == "polynomial") return time(sigma) / static_cast<double>(options_.steps);
  if (table_.defined()) return time(sigma);
  if (type() == "flow") return static_cast<double>(options_.steps - 1) * time(sigma);
  return 999 * time(sigma);
}

Process make_process(const ProcessOptions& options) {
  return Process(options);
}

}  // namespace steer
