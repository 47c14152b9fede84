#include "steer/sound/mfcc.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/core/pi.h"

namespace steer {
namespace {

constexpr double kLeastMfccPower = 1e-10;

MfccOptions checked_mfcc(const MfccOptions& o) {
  check_options(o, "mfcc");
  STEER_CHECK(o.coefficients <= o.mel.bands,
              "[options] mfcc.coefficients: expected at most as many as bands, ", o.mel.bands, ", but got ",
              o.coefficients);
  return o;
}

}  // namespace

Tensor cosine_transform(int64_t rows, int64_t length) {
  STEER_CHECK(rows >= 1 && length >= rows, "[cosine_transform] expected 1 to ", length, " rows but got ",
              rows);
  const auto n = static_cast<double>(length);
  const Tensor k = at::arange(rows, torch::kFloat64).unsqueeze(1), i = at::arange(length, torch::kFloat64);
  const Tensor cosines = at::cos(k * (2 * i + 1) * (kPi / (2 * n))) * std::sqrt(2 / n);
  cosines.select(0, 0).div_(std::sqrt(2.0));
  return cosines;
}

Mfcc::Mfcc(const MfccOptions& options)
    : bands_(checked_mfcc(options).mel),
      cosines_(cosine_transform(options.coefficients, options.mel.bands).to(torch::kFloat32)) {}

Tensor Mfcc::forward(const Tensor& sound) const {
  const Tensor levels = at::log10(bands_.forward(sound).clamp_min(kLeastMfccPower)) * 10;
  const Tensor least = levels.amax({1, 2}, true) + bands_.options().floor_db;
  return at::matmul(cosines_.to(sound.device()), at::maximum(levels, least));
}

}  // namespace steer
