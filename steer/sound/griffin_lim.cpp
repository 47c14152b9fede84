#include "steer/sound/griffin_lim.h"

#include <ATen/Parallel.h>

#include <cmath>
#include <limits>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/core/pi.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr uint64_t kPhaseStream = 0x70686173;  // of random numbers: first phases

// Spectra of frames, one after the other: complex [N, frames, window / 2 + 1].
Tensor framed_spectra(const Tensor& sound, const StftOptions& options) {
  return stft(sound, options).transpose(1, 2).contiguous();
}

// Gives `spectra` the magnitudes, and the phases of now - share before; `before` may be null.
void put_phases(const float* now, const float* before, float share, const float* magnitudes, int64_t count,
                float* spectra) {
  constexpr float kLeast = std::numeric_limits<float>::min();
  for (int64_t i = 0; i < count; ++i) {
    float x = now[2 * i], y = now[2 * i + 1];
    if (before) x -= share * before[2 * i], y -= share * before[2 * i + 1];
    const float scale = magnitudes[i] / (std::sqrt(x * x + y * y) + kLeast);
    spectra[2 * i] = x * scale, spectra[2 * i + 1] = y * scale;
  }
}

// put_phases for tensors of one shape.
void take_phases(const Tensor& now, const Tensor& before, double share, const Tensor& magnitudes,
                 const Tensor& spectra) {
  constexpr int64_t kPhaseGrain = 1 << 14;
  const Tensor nows = at::view_as_real(now), befores = before.defined() ? at::view_as_real(before) : Tensor(),
               out = at::view_as_real(spectra);
  const auto* from = nows.data_ptr<float>();
  const auto* last = before.defined() ? befores.data_ptr<float>() : nullptr;
  const auto* magnitude = magnitudes.data_ptr<float>();
  auto* to = out.data_ptr<float>();
  at::parallel_for(0, magnitudes.numel(), kPhaseGrain, [&](int64_t begin, int64_t end) {
    put_phases(from + 2 * begin, last ? last + 2 * begin : nullptr, static_cast<float>(share),
               magnitude + begin, end - begin, to + 2 * begin);
  });
}

void check_magnitudes(const Tensor& magnitudes, const StftOptions& stft, const char* what) {
  STEER_CHECK(magnitudes.dim() == 3 && magnitudes.numel() > 0 && magnitudes.size(1) == stft.window / 2 + 1 &&
                  magnitudes.scalar_type() == torch::kFloat32 && magnitudes.is_cpu(),
              "[", what, "] expected float32 magnitudes [N, ", stft.window / 2 + 1,
              ", frames] on the processor but got ", magnitudes.scalar_type(), " ",
              shape_text(magnitudes.sizes()));
  STEER_CHECK(at::isfinite(magnitudes).all().item<bool>() && magnitudes.min().item<float>() >= 0, "[", what,
              "] expected finite magnitudes of at least 0");
}

// Magnitudes [N, frames, bins] with the first phases.
Tensor first_spectra(const Tensor& magnitudes, const Tensor& seeds) {
  if (!seeds.defined()) return at::complex(magnitudes, at::zeros_like(magnitudes));
  STEER_CHECK(seeds.dim() == 1 && seeds.size(0) == magnitudes.size(0), "[griffin_lim] expected ",
              magnitudes.size(0), " seeds but got ", shape_text(seeds.sizes()));
  return at::polar(magnitudes, uniform_rows(seeds, kPhaseStream, magnitudes.sizes().slice(1)) * (2 * kPi));
}

}  // namespace

Tensor griffin_lim(const Tensor& magnitudes, const StftOptions& stft_options,
                   const GriffinLimOptions& options, const Tensor& seeds, int64_t length) {
  const at::NoGradGuard no_gradients;
  check(stft_options);
  check_options(options, "griffin_lim");
  check_magnitudes(magnitudes, stft_options, "griffin_lim");
  if (length < 0) length = stft_samples(magnitudes.size(2), stft_options);
  STEER_CHECK(stft_frames(length, stft_options) == magnitudes.size(2),
              "[griffin_lim] expected magnitudes of ", stft_frames(length, stft_options), " frames for ",
              length, " samples but got ", magnitudes.size(2));
  const Tensor wanted = magnitudes.transpose(1, 2).contiguous();
  const Tensor spectra = first_spectra(wanted, seeds);
  Tensor before;
  for (int64_t i = 0; i < options.iterations; ++i) {
    const Tensor now = framed_spectra(istft(spectra.transpose(1, 2), stft_options, length), stft_options);
    take_phases(now, before, options.momentum / (1 + options.momentum), wanted, spectra);
    before = now;
  }
  return istft(spectra.transpose(1, 2), stft_options, length);
}

Tensor spectral_convergence(const Tensor& sound, const Tensor& magnitudes, const StftOptions& options) {
  check(options);
  check_magnitudes(magnitudes, options, "spectral_convergence");
  const Tensor made = stft(sound, options).abs();
  STEER_CHECK(made.sizes() == magnitudes.sizes(), "[spectral_convergence] expected magnitudes ",
              shape_text(made.sizes()), " but got ", shape_text(magnitudes.sizes()));
  const Tensor apart = (made - magnitudes).to(torch::kFloat64).square().sum({1, 2}).sqrt(),
               whole = magnitudes.to(torch::kFloat64).square().sum({1, 2}).sqrt();
  return at::where(apart > 0, apart / whole, apart);
}

}  // namespace steer
