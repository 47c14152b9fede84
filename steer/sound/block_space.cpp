#include "steer/sound/block_space.h"

#include "steer/core/check.h"
#include "steer/sound/resample.h"

namespace steer {
namespace {

constexpr char kBlockKind[] = "block";

// Of the wave that a block is by itself.
Space wave_of(const Space& space) {
  Space wave = space;
  wave.kind = wave_space(1, 1).kind, wave.sizes = {1, 1, space.sizes[0]};
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
  return wave_options_of(wave_of(space));
}

State as_blocks(const Space& space, const Sound& sound) {
  const WaveOptions options = block_options_of(space);
  const int64_t size = space.sizes[0];
  const Tensor whole = resampled(as_mono(sound), static_cast<int64_t>(space.rate_hz)).samples.flatten();
  const int64_t blocks = (whole.size(0) + size - 1) / size;
  const Tensor x = at::zeros({blocks * size});
  x.narrow(0, 0, whole.size(0)).copy_(whole);
  const double greatest = x.abs().max().item<double>();
  if (options.peak > 0 && greatest > 0) x.mul_(options.peak / greatest);
  return State(x.clamp_(-1, 1).view({blocks, size}));
}

Sound sound_of_blocks(const Space& space, const State& blocks) {
  block_options_of(space);
  const Tensor x = blocks.x.detach().to(torch::kCPU, torch::kFloat32).clamp(-1, 1);
  return {x.reshape({1, -1}).contiguous(), static_cast<int64_t>(space.rate_hz)};
}

}  // namespace steer
