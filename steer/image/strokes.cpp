#include "steer/image/strokes.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {

LinearTask strokes(const Tensor& painting, const Tensor& alpha) {
  STEER_CHECK(painting.dim() == 4 && alpha.dim() == 4 && alpha.size(0) == painting.size(0) &&
                  alpha.size(1) == 1 && alpha.size(2) == painting.size(2) &&
                  alpha.size(3) == painting.size(3),
              "[strokes] expected a painting [T, C, H, W] and alpha [T, 1, H, W] but got ",
              shape_text(painting.sizes()), " and ", shape_text(alpha.sizes()));
  const Tensor painted = alpha.sum({1, 2, 3}, true);
  STEER_CHECK(painted.gt(0).all().item<bool>(), "[strokes] expected strokes but every pixel is transparent");
  LinearTask task;
  task.measurement.map.places = {painting.size(2), painting.size(3)};
  task.measurement.y = painting.detach() * alpha.gt(0);
  task.measurement.weight = alpha / (painted + 1e-6);
  task.measurement.scale = 1.0 / static_cast<double>(painting.size(1));
  task.degraded = painting * alpha;
  task.hidden = alpha.eq(0).to(painting.scalar_type());
  return task;
}

StrokesObjective::StrokesObjective(const Tensor& painting, const Tensor& alpha, std::string words)
    : task_(strokes(painting, alpha)), words_(std::move(words)) {}

Tensor StrokesObjective::score(const State& sample) const {
  const Tensor& x = sample.x;
  const Measurement& m = task_.measurement;
  const Tensor y = per_sample(m.y, x.size(0), "strokes").to(x.device());
  const Tensor weight = per_sample(m.weight, x.size(0), "strokes").to(x.device());
  return ((x - y).abs() * weight).sum({1, 2, 3}) * -m.scale;
}

}  // namespace steer
