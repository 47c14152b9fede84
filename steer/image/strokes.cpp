#include "steer/image/strokes.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {

LinearTask strokes(const Tensor& painting, const Tensor& alpha, double noise) {
  STEER_CHECK(painting.dim() == 4 && alpha.dim() == 4 && alpha.size(0) == painting.size(0) &&
                  alpha.size(1) == 1 && alpha.size(2) == painting.size(2) &&
                  alpha.size(3) == painting.size(3),
              "[strokes] expected a painting [T, C, H, W] and alpha [T, 1, H, W] but got ",
              shape_text(painting.sizes()), " and ", shape_text(alpha.sizes()));
  STEER_CHECK(alpha.sum({1, 2, 3}).gt(0).all().item<bool>(),
              "[strokes] expected strokes but every pixel is transparent");
  STEER_CHECK(noise > 0, "[strokes] expected noise above 0 but got ", noise);
  LinearTask task;
  task.measurement.map.places = {painting.size(2), painting.size(3)};
  task.measurement.y = painting.detach() * alpha.gt(0);
  task.measurement.weight = alpha;
  task.measurement.scale = 1 / (2 * noise * noise);
  task.degraded = painting * alpha;
  task.hidden = alpha.eq(0).to(painting.scalar_type());
  return task;
}

StrokesObjective::StrokesObjective(const Tensor& painting, const Tensor& alpha, double noise,
                                   std::string words)
    : task_(strokes(painting, alpha, noise)), scale_(std::sqrt(2.0) / noise), words_(std::move(words)) {}

Tensor StrokesObjective::score(const State& sample) const {
  const Tensor& x = sample.x;
  const Measurement& m = task_.measurement;
  const Tensor y = per_sample(m.y, x.size(0), "strokes").to(x.device());
  const Tensor weight = per_sample(m.weight, x.size(0), "strokes").to(x.device());
  return ((x - y).abs() * weight).sum({1, 2, 3}) * -scale_;
}

}  // namespace steer
