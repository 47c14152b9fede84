#include "steer/sound/mixture.h"

#include "steer/core/check.h"

namespace steer {

MixtureObjective::MixtureObjective(const Tensor& mixture, int64_t parts, double noise, std::string words)
    : mixture_(mixture),
      parts_(parts),
      scale_(1.0 / (2.0 * noise * noise * static_cast<double>(parts))),
      words_(std::move(words)) {
  STEER_CHECK(mixture.dim() == 4, "[mix] expected waveforms [T, 1, 1, samples]");
  STEER_CHECK(parts >= 2 && noise > 0, "[mix] expected at least two parts and noise above 0 but got ", parts,
              " and ", noise);
}

Tensor MixtureObjective::score(const State& sample) const {
  const Tensor& x = sample.x;
  const int64_t whole = parts_ * targets();
  STEER_CHECK(x.size(0) > 0 && x.size(0) % whole == 0, "[mix] expected a multiple of ", whole,
              " samples, the ", parts_, " parts of each mixture one after the other, but got ", x.size(0));
  const int64_t groups = x.size(0) / parts_;
  const Tensor sum = x.view({groups, parts_, x.size(1), x.size(2), x.size(3)}).sum(1);
  const Tensor y = per_sample(mixture_, groups, "mix").to(x.device(), x.scalar_type());
  const Tensor each = -scale_ * (y - sum).square().flatten(1).sum(1);
  return each.repeat_interleave(parts_);
}

}  // namespace steer
