#include "steer/image/linear.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/image/blur.h"

namespace steer {
namespace {

// A task that gives every pixel, to be narrowed by its caller.
LinearTask whole(const char* what, const Tensor& images, double noise) {
  STEER_CHECK(images.dim() == 4 && images.size(0) > 0, "[", what,
              "] expected pictures [T, C, H, W], T > 0, but got ", shape_text(images.sizes()));
  return whole_task(what, images, noise);
}

Tensor deblur_kernel(const Tensor& images, double std, int64_t size) {
  constexpr double kDeviations = 4;
  STEER_CHECK(images.dim() == 4, "[gaussian_deblur] expected pictures [T, C, H, W] but got ",
              shape_text(images.sizes()));
  STEER_CHECK(std::isfinite(std) && std > 0, "[gaussian_deblur] expected a std above 0 but got ", std);
  STEER_CHECK(size == 0 || (size > 0 && size % 2 == 1),
              "[gaussian_deblur] expected an odd size of the kernel but got ", size);
  const int64_t most = std::min(images.size(2), images.size(3)) - 1;
  const int64_t radius =
      size > 0 ? size / 2 : std::min(most, static_cast<int64_t>(std::ceil(kDeviations * std)));
  STEER_CHECK(radius <= most, "[gaussian_deblur] expected a kernel of size 1 to ", 2 * most + 1,
              ", whose radius is below the picture's sides, but got ", size);
  return gaussian_kernel(std, radius);
}

}  // namespace

LinearTask inpaint(const Tensor& truth, const Tensor& fill, double noise) {
  LinearTask task = whole("inpaint", truth, noise);
  STEER_CHECK(fill.dim() == 4 && (fill.size(0) == 1 || fill.size(0) == truth.size(0)) && fill.size(1) == 1 &&
                  fill.size(2) == truth.size(2) && fill.size(3) == truth.size(3),
              "[inpaint] expected a mask [", truth.size(0), " or 1, 1, ", truth.size(2), ", ", truth.size(3),
              "] but got ", shape_text(fill.sizes()));
  const Tensor filled = fill.to(truth.device(), truth.scalar_type());
  STEER_CHECK(((filled >= 0) & (filled <= 1)).all().item<bool>(),
              "[inpaint] expected a mask of numbers from 0 to 1");
  const Tensor known = 1 - filled, sharp = (known * noise).square();
  task.measurement.weight = sharp / (sharp + filled.square());
  task.degraded = task.measurement.y * known;
  task.measurement.y = task.measurement.y.masked_fill(known == 0, 0);
  task.hidden = (filled > 0).to(filled.scalar_type());
  return task;
}

LinearTask super_resolve(const Tensor& truth, int64_t factor, double noise) {
  STEER_CHECK(factor >= 1, "[super_resolve] expected a factor of at least 1 but got ", factor);
  STEER_CHECK(truth.dim() == 4 && truth.size(2) % factor == 0 && truth.size(3) % factor == 0,
              "[super_resolve] expected pictures whose height and width are multiples of ", factor,
              " but got ", shape_text(truth.sizes()));
  return super_resolve_from(area_resize(truth, truth.size(2) / factor, truth.size(3) / factor), factor,
                            noise);
}

LinearTask super_resolve_from(const Tensor& low, int64_t factor, double noise) {
  STEER_CHECK(factor >= 1, "[super_resolve] expected a factor of at least 1 but got ", factor);
  LinearTask task = whole("super_resolve", low, noise);
  task.degraded = area_resize(task.measurement.y, low.size(2) * factor, low.size(3) * factor);
  task.hidden = at::ones({1, 1, low.size(2) * factor, low.size(3) * factor}, low.options());
  return task;
}

LinearTask colourise(const Tensor& truth, double noise) {
  LinearTask task = whole("colourise", truth, noise);
  const int64_t channels = truth.size(1);
  STEER_CHECK(channels > 1, "[colourise] expected samples of several channels but got grey ones");
  task.measurement.map.mix = at::full({1, channels}, 1.0 / static_cast<double>(channels), truth.options());
  task.measurement.y = task.measurement.y.mean({1}, true);
  task.degraded = task.measurement.y.expand_as(truth).contiguous();
  return task;
}

LinearTask low_bit(const Tensor& truth, int64_t levels) {
  STEER_CHECK(levels >= 2, "[low_bit] expected at least 2 levels but got ", levels);
  const double step = 2.0 / static_cast<double>(levels - 1);
  const Tensor rounded = ((truth.clamp(-1, 1) + 1) / step).round() * step - 1;
  return whole("low_bit", rounded, step / std::sqrt(12.0));
}

LinearTask denoise(const Tensor& noisy, double noise) {
  return whole("denoise", noisy, noise);
}

LinearTask gaussian_deblur(const Tensor& truth, double std, int64_t size, double noise) {
  return gaussian_deblur_from(blurred(truth, deblur_kernel(truth, std, size)), std, size, noise);
}

LinearTask gaussian_deblur_from(const Tensor& images, double std, int64_t size, double noise) {
  const Tensor kernel = deblur_kernel(images, std, size);
  LinearTask task = whole("gaussian_deblur", images, noise);
  task.measurement.map.blur = [kernel](const Tensor& maps) { return blurred(maps, kernel); };
  return task;
}

}  // namespace steer
