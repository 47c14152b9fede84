#include "steer/sound/stft.h"

#include <algorithm>
#include <limits>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/core/pi.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

// Frames [N, frames, window] added up where they stand: [N, (frames - 1) hop + window or a little more].
Tensor overlap_added(const Tensor& frames, int64_t hop) {
  const int64_t rows = frames.size(0), count = frames.size(1), window = frames.size(2);
  const int64_t parts = (window + hop - 1) / hop;
  const Tensor cut = at::constant_pad_nd(frames, {0, parts * hop - window}).view({rows, count, parts, hop});
  const Tensor sum = at::zeros({rows, count + parts - 1, hop}, frames.options());
  for (int64_t p = 0; p < parts; ++p) sum.narrow(1, p, count).add_(cut.select(2, p));
  return sum.view({rows, -1});
}

// Numbers [N, n] from the `begin`-th on, as many as told, with zeros for those that there are not.
Tensor stretch_of(const Tensor& numbers, int64_t begin, int64_t length) {
  const int64_t there = std::max<int64_t>(0, std::min(length, numbers.size(1) - begin));
  if (there == 0) return at::zeros({numbers.size(0), length}, numbers.options());
  return at::constant_pad_nd(numbers.narrow(1, begin, there), {0, length - there});
}

int64_t stft_margin(const StftOptions& options) {
  return options.centred ? options.window / 2 : 0;
}

}  // namespace

void check(const StftOptions& o) {
  check_options(o, "stft");
  STEER_CHECK(o.hop <= o.window, "[options] stft.hop: expected at most the window, ", o.window, ", but got ",
              o.hop);
  STEER_CHECK(o.padding == "reflect" || o.padding == "constant",
              "[options] stft.padding: expected reflect or constant but got \"", o.padding, "\"");
}

Tensor hann_window(int64_t length) {
  STEER_CHECK(length >= 1, "[hann_window] expected a length of at least 1 but got ", length);
  return 0.5 - 0.5 * at::cos(at::arange(length, torch::kFloat64) * (2 * kPi / static_cast<double>(length)));
}

int64_t stft_frames(int64_t samples, const StftOptions& options) {
  STEER_CHECK(samples >= options.window, "[stft] expected a sound of at least a window, ", options.window,
              " samples, but got ", samples);
  return 1 + (samples + 2 * stft_margin(options) - options.window) / options.hop;
}

int64_t stft_samples(int64_t frames, const StftOptions& options) {
  return options.window + (frames - 1) * options.hop - 2 * stft_margin(options);
}

Tensor stft(const Tensor& sound, const StftOptions& options) {
  check(options);
  STEER_CHECK(sound.dim() == 2 && sound.size(0) > 0, "[stft] expected sounds [N, T] but got ",
              shape_text(sound.sizes()));
  STEER_CHECK(sound.scalar_type() == torch::kFloat32 || sound.scalar_type() == torch::kFloat64,
              "[stft] expected float32 or float64 but got ", sound.scalar_type());
  stft_frames(sound.size(1), options);
  Tensor padded = sound;
  const int64_t margin = stft_margin(options);
  if (margin > 0)
    padded = options.padding == "reflect" ? at::reflection_pad1d(sound, {margin, margin})
                                          : at::constant_pad_nd(sound, {margin, margin});
  const Tensor frames = padded.unfold(1, options.window, options.hop);
  return at::fft_rfft(frames * hann_window(options.window).to(sound.options())).transpose(1, 2);
}

Tensor istft(const Tensor& spectra, const StftOptions& options, int64_t length) {
  check(options);
  STEER_CHECK(spectra.dim() == 3 && spectra.size(0) > 0 && spectra.size(1) == options.window / 2 + 1 &&
                  spectra.size(2) > 0 && spectra.is_complex(),
              "[istft] expected complex spectra [N, ", options.window / 2 + 1, ", frames] but got ",
              spectra.scalar_type(), " ", shape_text(spectra.sizes()));
  const int64_t margin = stft_margin(options);
  if (length < 0) length = stft_samples(spectra.size(2), options);
  const Tensor frames = at::fft_irfft(spectra.transpose(1, 2), options.window);
  const Tensor window = hann_window(options.window).to(frames.options());
  const Tensor squares = window.square().expand({1, spectra.size(2), options.window});
  const Tensor sum = stretch_of(overlap_added(squares, options.hop), margin, length);
  const Tensor divisor = sum.masked_fill(sum <= std::numeric_limits<float>::min(), 1);
  return stretch_of(overlap_added(frames * window, options.hop), margin, length) / divisor;
}

}  // namespace steer
