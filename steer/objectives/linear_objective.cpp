#include "steer/objectives/linear_objective.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {

LinearTask whole_task(const char* what, const Tensor& y, double noise) {
  STEER_CHECK(y.dim() >= 2 && y.size(0) > 0, "[", what,
              "] expected samples [T, C, places...], T > 0, but got ", shape_text(y.sizes()));
  STEER_CHECK(std::isfinite(noise) && noise > 0, "[", what, "] expected noise above 0 but got ", noise);
  LinearTask task;
  task.measurement.map.places = y.sizes().slice(2).vec();
  task.measurement.y = y.detach();
  task.measurement.scale = 1.0 / (2.0 * noise * noise);
  task.degraded = task.measurement.y;
  task.hidden = at::ones(with_rows(1, with_rows(1, y.sizes().slice(2))), y.options());
  return task;
}

LinearTask gaussian(double mean, double std, at::IntArrayRef sizes) {
  STEER_CHECK(std::isfinite(mean), "[gaussian] expected a finite mean but got ", mean);
  STEER_CHECK(!sizes.empty(), "[gaussian] expected samples that are numbers");
  LinearTask task = whole_task("gaussian", at::full(with_rows(1, sizes), mean), std);
  task.degraded = Tensor();
  task.hidden = Tensor();
  return task;
}

LinearObjective::LinearObjective(LinearTask task, std::string words)
    : task_(std::move(task)), words_(std::move(words)) {
  check_measurement(task_.measurement, "objective");
}

}  // namespace steer
