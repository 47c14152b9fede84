#include "steer/sound/wave_tasks.h"

#include <cmath>

#include "steer/core/check.h"

namespace steer {

Tensor low_passed(const Tensor& x, double share) {
  // The transform's bins are those of the waveform followed by itself backwards.
  const int64_t samples = x.size(-1);
  const Tensor bins = at::fft_rfft(at::cat({x, x.flip(-1)}, -1));
  const auto kept = static_cast<int64_t>(std::floor(share * 2 * static_cast<double>(samples))) + 1;
  if (kept >= bins.size(-1)) return x;
  const Tensor left = at::constant_pad_nd(bins.narrow(-1, 0, kept), {0, bins.size(-1) - kept});
  return at::fft_irfft(left, 2 * samples).narrow(-1, 0, samples);
}

LinearTask bandwidth(const Tensor& truth, double hz, double rate_hz, double noise) {
  STEER_CHECK(hz > 0 && hz < rate_hz / 2, "[bandwidth] expected a frequency between 0 and ", rate_hz / 2,
              " Hz, half the rate, but got ", hz);
  const double share = hz / rate_hz;
  LinearTask task = whole_task("bandwidth", low_passed(truth, share), noise);
  task.measurement.map.blur = [share](const Tensor& x) { return low_passed(x, share); };
  return task;
}

Clipped clipped(const Tensor& truth, const Tensor& level) {
  STEER_CHECK(truth.dim() == 4 && (level > 0).all().item<bool>(),
              "[declip_wave] expected waveforms [T, 1, 1, samples] and levels above 0");
  const Tensor high = (truth >= level).to(truth.scalar_type()) - (truth <= -level).to(truth.scalar_type());
  return {at::minimum(at::maximum(truth, -level), level), level, high};
}

LinearTask unclipped_samples(const Clipped& clip, double noise) {
  LinearTask task = whole_task("declip_wave", clip.y, noise);
  task.hidden = clip.high.abs();
  task.measurement.weight = 1 - task.hidden;
  task.measurement.y = clip.y * task.measurement.weight;
  return task;
}

DeclipObjective::DeclipObjective(const Clipped& clip, double noise, std::string words)
    : clip_(clip),
      known_(unclipped_samples(clip, noise), std::move(words)),
      scale_(1.0 / (2.0 * noise * noise)) {}

Tensor DeclipObjective::score(const State& sample) const {
  const Tensor& x = sample.x;
  const auto of_samples = [&](const Tensor& each) {
    return per_sample(each, x.size(0), "declip_wave").to(x.device(), x.scalar_type());
  };
  const Tensor high = of_samples(clip_.high);
  const Tensor short_of = at::relu(of_samples(clip_.level) - high * x) * high.abs();
  return known_.score(sample) - scale_ * short_of.square().flatten(1).sum(1);
}

}  // namespace steer
