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

Tensor measure(const LinearMeasurement& measurement, const Tensor& x) {
  STEER_CHECK(x.dim() == 4, "[measure] expected samples [N, C, H, W] but got ", shape_text(x.sizes()));
  Tensor seen = x;
  if (measurement.colour.defined()) {
    STEER_CHECK(x.size(1) == measurement.colour.size(1), "[measure] expected samples of ",
                measurement.colour.size(1), " channels but got ", shape_text(x.sizes()));
    seen = at::einsum("mc,nchw->nmhw", {like(measurement.colour, x), x});
  }
  if (measurement.blur) seen = measurement.blur(seen);
  return area_resize(seen, measurement.height, measurement.width);
}

Tensor log_likelihood(const LinearMeasurement& measurement, const Tensor& x) {
  const Tensor seen = measure(measurement, widened(x));
  const int64_t targets = measurement.y.size(0);
  STEER_CHECK(seen.size(1) == measurement.y.size(1), "[log_likelihood] expected a measurement of ",
              measurement.y.size(1), " channels but got ", seen.size(1));
  STEER_CHECK(seen.size(0) % targets == 0, "[log_likelihood] expected a multiple of ", targets,
              " samples, one group per target, but got ", seen.size(0));
  // [T, N/T, M, height, width]
  const Tensor grouped =
      seen.reshape({targets, seen.size(0) / targets, seen.size(1), measurement.height, measurement.width});
  Tensor squares = (like(measurement.y, seen).unsqueeze(1) - grouped).square();
  if (measurement.weight.defined()) squares = squares * like(measurement.weight, seen).unsqueeze(1);
  return squares.sum({2, 3, 4}).reshape({seen.size(0)}).mul(-measurement.scale);
}

void check_measurement(const LinearMeasurement& measurement, const char* what) {
  const Tensor &y = measurement.y, &weight = measurement.weight, &colour = measurement.colour;
  STEER_CHECK(y.defined() && y.dim() == 4 && y.size(0) > 0, "[", what,
              "] expected a measurement [T, M, H, W], T > 0");
  STEER_CHECK(y.size(2) == measurement.height && y.size(3) == measurement.width, "[", what,
              "] expected a measurement of size ", measurement.height, "x", measurement.width, " but got ",
              shape_text(y.sizes()));
  STEER_CHECK(at::isfinite(y).all().item<bool>(), "[", what,
              "] the measurement holds values that are not finite");
  STEER_CHECK(!colour.defined() || (colour.dim() == 2 && colour.size(0) == y.size(1)), "[", what,
              "] expected channel weights [", y.size(1), ", C] but got ", shape_text(colour.sizes()));
  STEER_CHECK(std::isfinite(measurement.scale) && measurement.scale >= 0, "[", what,
              "] expected a finite scale that is not negative but got ", measurement.scale);
  if (!weight.defined()) return;
  STEER_CHECK(weight.dim() == 4 && (weight.size(0) == 1 || weight.size(0) == y.size(0)) &&
                  weight.size(1) == 1 && weight.size(2) == y.size(2) && weight.size(3) == y.size(3),
              "[", what, "] expected pixel weights [", y.size(0), " or 1, 1, ", y.size(2), ", ", y.size(3),
              "] but got ", shape_text(weight.sizes()));
  STEER_CHECK((at::isfinite(weight) & weight.ge(0)).all().item<bool>(), "[", what,
              "] expected pixel weights that are finite and not negative");
}

}  // namespace steer
