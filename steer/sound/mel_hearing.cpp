#include "steer/sound/mel_hearing.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/pi.h"
#include "steer/core/tensors.h"
#include "steer/sound/mel.h"
#include "steer/sound/mel_filters.h"
#include "steer/sound/mel_space.h"

namespace steer {
namespace {

constexpr int kSharpenings = 20;
constexpr double kLeastHeardPower = 1e-12;  // beside the loudest band, whose power is 1
constexpr double kMostLevel = 1.5;          // of spectrograms, whose levels end at 1
constexpr double kWindowPower = 0.375;      // of a Hann window: the mean of its square

// The frames of so many seconds, at least one.
int64_t frames_in(double seconds, int64_t rate, int64_t hop) {
  return std::max<int64_t>(std::llround(seconds * static_cast<double>(rate) / static_cast<double>(hop)), 1);
}

}  // namespace

MelHearing::MelHearing(const Space& space, torch::Device device) {
  const MelOptions options = mel_options_of(space);
  rate_ = options.rate, window_ = options.window, hop_ = options.hop, floor_db_ = options.floor_db;
  filters_ = mel_filters(options);
  const Tensor share = filters_ / filters_.sum(0, true).clamp_min(kLeastHeardPower);
  even_ = (share / filters_.sum(1, true)).to(device, torch::kFloat32).contiguous();
  filters_ = filters_.to(device, torch::kFloat32).contiguous();
}

Tensor MelHearing::power(const Tensor& mels) const {
  STEER_CHECK(mels.dim() == 4 && mels.size(1) == 1 && mels.size(2) == filters_.size(0),
              "[mel] expected spectrograms [N, 1, ", filters_.size(0), ", frames] but got ",
              shape_text(mels.sizes()));
  const Tensor level = mels.to(torch::kFloat32).clamp(-kMostLevel, kMostLevel);
  return power_of_levels((1 - level) * (floor_db_ / 2)).squeeze(1).transpose(1, 2).flatten(0, 1);
}

Tensor MelHearing::even(const Tensor& power) const {
  return at::matmul(power, even_);
}

Tensor MelHearing::spectra(const Tensor& mels) const {
  const Tensor wanted = power(mels), taken = filters_.sum(0, true).clamp_min(kLeastHeardPower);
  Tensor x = even(wanted);
  for (int i = 0; i < kSharpenings; ++i) {
    const Tensor now = at::matmul(x, filters_.t()).clamp_min(kLeastHeardPower * kLeastHeardPower);
    x = x * at::matmul(wanted / now, filters_) / taken;
  }
  return x;
}

Tensor MelHearing::pulses(const Tensor& spectra, int64_t length, int64_t rate) const {
  const Tensor hz = at::arange(spectra.size(1), torch::kFloat64) * static_cast<double>(rate_) / window_,
               seconds = (at::arange(length, torch::kFloat64) - static_cast<double>(length / 2)) / rate;
  const Tensor waves = (hz.unsqueeze(1) * seconds.unsqueeze(0) * (2 * kPi)).cos() *
                       (hz < static_cast<double>(rate) / 2).to(torch::kFloat64).unsqueeze(1);
  const Tensor magnitudes = (spectra + kLeastHeardPower).sqrt();
  return at::matmul(magnitudes, waves.to(spectra.device(), torch::kFloat32));
}

Tensor MelHearing::bands(const Tensor& mels, int64_t rate, int64_t window, int64_t hop, int64_t bands,
                         double mean_square) const {
  const Tensor hz = at::arange(filters_.size(1), torch::kFloat64) * static_cast<double>(rate_) / window_;
  MelOptions other;
  other.rate = rate, other.window = window, other.hop = hop, other.bands = bands;
  const Tensor map = mel_filters_at(hz, other).to(even_.device(), torch::kFloat32).t();
  const Tensor x = even(power(mels)).view({mels.size(0), mels.size(3), -1});
  // Parseval: half the spectrum of a frame of the other length sums to this, on the mean.
  const double sum =
      mean_square * kWindowPower * static_cast<double>(window) * static_cast<double>(window) / 2;
  const Tensor mean = x.sum(2).mean(1).clamp_min(kLeastHeardPower).view({-1, 1, 1});
  const Tensor heard = at::matmul(x, map) * (sum / mean);
  const double seconds = static_cast<double>(mels.size(3) * hop_) / static_cast<double>(rate_);
  const int64_t frames = frames_in(seconds, rate, hop);
  return at::upsample_linear1d(heard.transpose(1, 2), {frames}, true).transpose(1, 2).contiguous();
}

int64_t MelHearing::frames_of(double seconds) const {
  return frames_in(seconds, rate_, hop_);
}

}  // namespace steer
