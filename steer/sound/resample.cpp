#include "steer/sound/resample.h"

#include <samplerate.h>

#include <algorithm>
#include <vector>

#include "steer/core/check.h"

namespace steer {
namespace {

// round(frames to / from); no product exceeds 64 bits for frames up to kMostSoundSamples and rates up to
// kMostSoundRate that differ by kMostRateChange at most.
int64_t resampled_frames(int64_t frames, int64_t from, int64_t to) {
  return frames / from * to + (frames % from * to + from / 2) / from;
}

// One channel from `frames` values at `from`, which silence follows, to `wanted` values at `to`.
void resample_channel(const std::vector<float>& from, float* to, int64_t wanted, double ratio) {
  SRC_DATA data = {};
  data.data_in = from.data();
  data.input_frames = static_cast<long>(from.size());
  data.data_out = to;
  data.output_frames = static_cast<long>(wanted);
  data.src_ratio = ratio;
  const int fault = src_simple(&data, SRC_SINC_BEST_QUALITY, 1);
  STEER_CHECK(fault == 0, "[resampled] expected to resample but libsamplerate says: ", src_strerror(fault));
  STEER_CHECK(data.output_frames_gen == wanted, "[resampled] expected ", wanted,
              " frames of libsamplerate but got ", data.output_frames_gen);
}

}  // namespace

Sound resampled(const Sound& sound, int64_t rate) {
  check_sound(sound, "resampled");
  STEER_CHECK(rate >= 1 && rate <= kMostSoundRate && rate <= kMostRateChange * sound.rate &&
                  sound.rate <= kMostRateChange * rate,
              "[resampled] expected a rate of 1/", kMostRateChange, " to ", kMostRateChange, " times ",
              sound.rate, " Hz but got ", rate, " Hz");
  if (rate == sound.rate) return sound;
  const int64_t frames = sound.frames(), wanted = resampled_frames(frames, sound.rate, rate);
  STEER_CHECK(wanted > 0 && wanted <= kMostSoundSamples / sound.channels(), "[resampled] expected 1 to ",
              kMostSoundSamples, " samples at ", rate, " Hz but they would be ", wanted, " in each of ",
              sound.channels(), " channels");
  // The converter would end up to a few frames before its input does.
  constexpr int64_t kSilence = 4;
  std::vector<float> padded(static_cast<size_t>(frames + kSilence * std::max<int64_t>(1, sound.rate / rate)));
  const Tensor from = sound.samples.detach().to(torch::kCPU).contiguous();
  const Tensor to = at::empty({sound.channels(), wanted}, torch::kFloat32);
  const double ratio = static_cast<double>(rate) / static_cast<double>(sound.rate);
  for (int64_t c = 0; c < sound.channels(); ++c) {
    std::copy_n(from.data_ptr<float>() + c * frames, frames, padded.begin());
    resample_channel(padded, to.data_ptr<float>() + c * wanted, wanted, ratio);
  }
  return {to.to(sound.samples.device()), rate};
}

}  // namespace steer
