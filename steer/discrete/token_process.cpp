#include "steer/discrete/token_process.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/options.h"

namespace steer {
namespace {

constexpr double kHalfPi = 1.57079632679489661923;

Tensor wide(const Tensor& t) {
  return t.to(torch::kFloat64);
}

// The total noise -ln alpha of the geometric schedule.
Tensor geometric_noise(const TokenProcessOptions& o, const Tensor& t) {
  return (std::log(o.sigma_min) * (1 - t) + std::log(o.sigma_max) * t).exp();
}

}  // namespace

const std::vector<Named>& token_processes() {
  static const std::vector<Named> table = {
      {"absorbing", "tokens become a mask and are found again once"},
      {"uniform", "tokens become any token and may change again and again"},
  };
  return table;
}

const std::vector<Named>& token_schedules() {
  static const std::vector<Named> table = {
      {"loglinear", "alpha falls in a line"},
      {"cosine", "as the cosine: longest where little is noise"},
      {"geometric", "the total noise grows by equal factors"},
  };
  return table;
}

TokenProcess::TokenProcess(const TokenProcessOptions& options, int64_t vocabulary)
    : options_(checked_options(options, "process")),
      vocabulary_(vocabulary),
      mask_(options.type == "absorbing" ? vocabulary : -1) {
  STEER_CHECK(among(options.type, names_of(token_processes())),
              "[discrete] process.type: expected absorbing or uniform but got ", options.type);
  STEER_CHECK(among(options.schedule, names_of(token_schedules())),
              "[discrete] process.schedule: expected loglinear, cosine or geometric but got ",
              options.schedule);
  STEER_CHECK(options.sigma_min < options.sigma_max, "[discrete] process.sigma_min: expected less than ",
              "sigma_max, ", options.sigma_max, ", but got ", options.sigma_min);
  const int64_t least = absorbing() ? 1 : 2;
  STEER_CHECK(vocabulary >= least, "[discrete] expected a vocabulary of at least ", least, " but got ",
              vocabulary);
}

Tensor TokenProcess::alpha(const Tensor& t) const {
  const Tensor at = wide(t);
  if (options_.schedule == "loglinear") return 1 - (1 - options_.least) * at;
  if (options_.schedule == "cosine") return (kHalfPi * at).cos().clamp_min(0);
  return (-geometric_noise(options_, at)).exp();
}

Tensor TokenProcess::fall(const Tensor& t) const {
  const Tensor at = wide(t);
  if (options_.schedule == "loglinear") return at::full_like(at, 1 - options_.least);
  if (options_.schedule == "cosine") return kHalfPi * (kHalfPi * at).sin();
  const Tensor noise = geometric_noise(options_, at);
  return (-noise).exp() * noise * std::log(options_.sigma_max / options_.sigma_min);
}

Tensor TokenProcess::time_of(const Tensor& alpha) const {
  const Tensor at = wide(alpha);
  if (options_.schedule == "loglinear") return (1 - at) / (1 - options_.least);
  if (options_.schedule == "cosine") return at.acos() / kHalfPi;
  return ((-at.log()).log() - std::log(options_.sigma_min)) /
         std::log(options_.sigma_max / options_.sigma_min);
}

Tensor TokenProcess::noise(const Tensor& u) const {
  if (absorbing()) return at::full(u.sizes(), mask_, u.options().dtype(torch::kInt64));
  return (wide(u) * static_cast<double>(vocabulary_)).floor().to(torch::kInt64).clamp_max(vocabulary_ - 1);
}

Tensor TokenProcess::noised(const Tensor& token, const Tensor& t, const Tensor& u) const {
  check_tokens(token, vocabulary_, "[discrete]");
  STEER_CHECK(t.dim() == 1 && t.size(0) == token.size(0), "[discrete] expected ", token.size(0),
              " times but got ", t.sizes());
  const Tensor stays = wide(u.select(-1, 0)) < alpha(t).unsqueeze(1);
  return at::where(stays, token, noise(u.select(-1, 1)));
}

Tensor noise_label(const TokenProcess& process, const Tensor& t) {
  constexpr double kMost = 30;
  return -process.alpha(t).log().clamp_min(-kMost).to(torch::kFloat32);
}

void check_tokens(const Tensor& token, int64_t states, const std::string& what) {
  STEER_CHECK(token.defined() && token.scalar_type() == torch::kInt64, what,
              ": expected int64 tokens but got ", token.defined() ? token.toString() : "none");
  if (token.numel() == 0) return;
  const int64_t least = token.min().item<int64_t>(), most = token.max().item<int64_t>();
  STEER_CHECK(least >= 0 && most < states, what, ": expected tokens 0 to ", states - 1, " but got ",
              least < 0 ? least : most);
}

}  // namespace steer
