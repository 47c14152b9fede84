#include "steer/work/outpainting.h"

#include "steer/core/check.h"
#include "steer/core/clock.h"
#include "steer/core/random.h"
#include "steer/core/seed_list.h"
#include "steer/core/tensors.h"
#include "steer/image/image_space.h"
#include "steer/picture/images.h"
#include "steer/work/pictures.h"

namespace steer {
namespace {

// Seeds of one window: those of the pictures would give every window the same noise.
Tensor window_seeds(const std::vector<int64_t>& seeds, int64_t window, torch::Device device) {
  std::vector<int64_t> own;
  for (const int64_t seed : seeds)
    own.push_back(
        static_cast<int64_t>(derive_seed(static_cast<uint64_t>(seed), static_cast<uint64_t>(window)) >> 1));
  return at::tensor(own, at::device(device).dtype(torch::kInt64));
}

Json figures_of(const Outpainted& made, const OutpaintOptions& o, const std::vector<int64_t>& seeds,
                const Json& settings) {
  return {{"picture", o.picture},
          {"left", o.margins.left},
          {"right", o.margins.right},
          {"top", o.margins.top},
          {"bottom", o.margins.bottom},
          {"noise", o.noise},
          {"seeds", seeds},
          {"settings", settings},
          {"windows", made.windows},
          {"evaluations", made.evaluations},
          {"seconds", made.seconds}};
}

}  // namespace

Outpainted outpaint(const Generator& generator, const OutpaintOptions& options, torch::Device device,
                    const WorkWatch& watch) {
  const Space space = generator.space();
  STEER_CHECK(space.kind == image_space(1, 1, 1).kind,
              "[outpaint] expected a model of images but got one of ", text_of(space));
  STEER_CHECK(options.count > 0, "[outpaint] expected at least one picture but got ", options.count);
  const std::vector<int64_t> seeds = seeds_for(options.seeds, options.count);
  const MapSizes sizes = map_sizes(space);
  const Tensor given = from_bytes(read_bytes(options.picture, sizes.channels, kWhite));
  Outpainting growing(given, options.margins, sizes.height, sizes.width, options.count);
  const Told told = told_by(options.telling, generator, options.count);

  Outpainted made;
  Json settings;
  const double started = now_seconds();
  while (!growing.done()) {
    LinearTask task = growing.task(options.noise);
    task.measurement.y = task.measurement.y.to(device);
    const LinearObjective objective(std::move(task), "outpaint()");
    const auto plan = generator.plan(&objective, options.settings);
    made.text = plan->text(), settings = plan->settings();
    const double before = growing.share();
    const Samples samples =
        plan->draw({window_seeds(seeds, made.windows++, device), told}, [&](const Glimpse& glimpse) {
          return tell(watch, {"outpaint", before, joined("window ", made.windows), &glimpse});
        });
    STEER_CHECK(!samples.stopped, "[outpaint] interrupted");
    made.evaluations += samples.evaluations;
    growing.take(within(space, samples.state.x.cpu()));
  }
  made.seconds = now_seconds() - started;
  made.pictures.x = growing.pictures();
  const Tensor& x = made.pictures.x;
  made.picture = picture_of(image_space(x.size(1), x.size(2), x.size(3)), made.pictures);
  made.figures = figures_of(made, options, seeds, settings);
  tell(watch, {"outpaint", 1, joined(made.windows, " windows")});
  return made;
}

}  // namespace steer
