#include "steer/objectives/measurement.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

// Sums run in float32 at least.
Tensor widened(const Tensor& x) {
  return x.scalar_type() == torch::kFloat64 ? x : x.to(torch::kFloat32);
}

Tensor like(const Tensor& values, const Tensor& x) {
  return values.to(x.device(), x.scalar_type());
}

}  // namespace

Tensor log_likelihood(const Measurement& measurement, const Tensor& x) {
  const Tensor &y = measurement.y, seen = measurement.map.measure(widened(x));
  const int64_t targets = y.size(0);
  STEER_CHECK(seen.dim() == y.dim() && seen.sizes().slice(1) == y.sizes().slice(1),
              "[log_likelihood] expected samples whose measurement is ", shape_text(y.sizes().slice(1)),
              " but theirs is ", shape_text(seen.sizes().slice(1)));
  STEER_CHECK(seen.size(0) % targets == 0, "[log_likelihood] expected a multiple of ", targets,
              " samples, one group per target, but got ", seen.size(0));
  // [T, N/T, M, places...]
  const Tensor grouped = seen.unflatten(0, {targets, seen.size(0) / targets});
  Tensor squares = (like(y, seen).unsqueeze(1) - grouped).square();
  if (measurement.weight.defined()) squares = squares * like(measurement.weight, seen).unsqueeze(1);
  return squares.flatten(2).sum(2).reshape({seen.size(0)}).mul(-measurement.scale);
}

void check_measurement(const Measurement& measurement, const char* what) {
  const Tensor &y = measurement.y, &weight = measurement.weight, &mix = measurement.map.mix;
  STEER_CHECK(y.defined() && y.dim() >= 2 && y.size(0) > 0, "[", what,
              "] expected a measurement [T, M, places...], T > 0");
  const std::vector<int64_t>& places = measurement.map.places;
  STEER_CHECK(places.empty() || y.sizes().slice(2) == at::IntArrayRef(places), "[", what,
              "] expected a measurement at places ", shape_text(places), " but got ", shape_text(y.sizes()));
  STEER_CHECK(at::isfinite(y).all().item<bool>(), "[", what,
              "] the measurement holds values that are not finite");
  STEER_CHECK(!mix.defined() || (mix.dim() == 2 && mix.size(0) == y.size(1)), "[", what,
              "] expected channel weights [", y.size(1), ", C] but got ", shape_text(mix.sizes()));
  STEER_CHECK(std::isfinite(measurement.scale) && measurement.scale >= 0, "[", what,
              "] expected a finite scale that is not negative but got ", measurement.scale);
  if (!weight.defined()) return;
  STEER_CHECK(weight.dim() == y.dim() && (weight.size(0) == 1 || weight.size(0) == y.size(0)) &&
                  weight.size(1) == 1 && weight.sizes().slice(2) == y.sizes().slice(2),
              "[", what, "] expected weights [", y.size(0), " or 1, 1, ...] at the places of ",
              shape_text(y.sizes()), " but got ", shape_text(weight.sizes()));
  STEER_CHECK((at::isfinite(weight) & weight.ge(0)).all().item<bool>(), "[", what,
              "] expected weights that are finite and not negative");
}

}  // namespace steer
