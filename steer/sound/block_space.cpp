#include "steer/sound/block_space.h"

#include "steer/core/check.h"
#include "steer/sound/resample.h"

namespace steer {
namespace {

constexpr char kBlockKind[] = "block";

// Of the waves that so many samples of blocks are.
Space wave_of(const Space& space, int64_t samples) {
  Space wave = space;
  wave.kind = wave_space(1, 1).kind, wave.sizes = {1, 1, samples};
  return wave;
}

}  // namespace

Space block_space(int64_t rate, int64_t samples, const WaveOptions& options) {
  Space space = wave_space(rate, samples, options);
  space.kind = kBlockKind, space.sizes = {samples};
  return space;
}

WaveOptions block_options_of(const Space& space) {
  STEER_CHECK(space.kind == kBlockKind && space.sizes.size() == 1,
              "[block] expected blocks of sound [samples] but got samples ", text_of(space));
  return wave_options_of(wave_of(space, space.sizes[0]));
}

State as_blocks(const Space& space, const Sound& sound) {
  block_options_of(space);
  const int64_t size = space.sizes[0];
  const Sound whole = resampled(as_mono(sound), static_cast<int64_t>(space.rate_hz));
  const int64_t blocks = (whole.frames() + size - 1) / size;
  return State(as_waves(wave_of(space, blocks * size), {whole}).x.view({blocks, size}));
}

Sound sound_of_blocks(const Space& space, const State& blocks) {
  block_options_of(space);
  const Tensor x = blocks.x.reshape({1, 1, 1, -1});
  return sounds_of_waves(wave_of(space, x.size(3)), State(x))[0];
}

}  // namespace steer
