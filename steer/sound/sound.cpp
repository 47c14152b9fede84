#include "steer/sound/sound.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {

void check_sound(const Sound& sound, const std::string& what) {
  const Tensor& samples = sound.samples;
  STEER_CHECK(samples.defined() && samples.scalar_type() == torch::kFloat32 && samples.dim() == 2, "[", what,
              "] expected samples float32 [C, T] but got ",
              samples.defined() ? joined(samples.dtype(), " ", shape_text(samples.sizes())) : "none");
  STEER_CHECK(samples.size(0) > 0, "[", what, "] expected at least one channel but got none");
  STEER_CHECK(samples.size(1) > 0, "[", what, "] expected at least one frame but got none");
  STEER_CHECK(samples.numel() <= kMostSoundSamples, "[", what, "] expected at most ", kMostSoundSamples,
              " samples but got ", samples.numel());
  STEER_CHECK(sound.rate >= 1 && sound.rate <= kMostSoundRate, "[", what, "] expected a rate of 1 to ",
              kMostSoundRate, " Hz but got ", sound.rate);
  STEER_CHECK(samples.isfinite().all().item<bool>(), "[", what,
              "] expected finite samples but got infinities or not-a-numbers");
}

Sound as_mono(const Sound& sound) {
  check_sound(sound, "as_mono");
  return sound.channels() == 1 ? sound : Sound{sound.samples.mean(0, true), sound.rate};
}

Sound one_after_the_other(const std::vector<Sound>& sounds) {
  STEER_CHECK(!sounds.empty(), "[sound] expected at least one sound");
  const Sound& first = sounds.front();
  const Tensor apart = at::zeros({first.channels(), first.rate / 4});
  std::vector<Tensor> parts;
  for (const Sound& sound : sounds) {
    STEER_CHECK(sound.rate == first.rate && sound.channels() == first.channels(),
                "[sound] expected sounds of one rate and as many channels each");
    if (!parts.empty()) parts.push_back(apart);
    parts.push_back(sound.samples);
  }
  return {at::cat(parts, 1), first.rate};
}

}  // namespace steer
