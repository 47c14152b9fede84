#include "steer/sound/mel.h"

#include <ATen/Parallel.h>
#include <torch/autograd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <optional>
#include <vector>

#include "steer/core/check.h"
#include "steer/core/host.h"
#include "steer/core/tensors.h"
#include "steer/sound/frame_power.h"
#include "steer/sound/kept_rooms.h"
#include "steer/sound/mel_kernel.h"
#include "steer/sound/nonnegative.h"

namespace steer {

// The filters as rows of their own length.
struct BandTable {
  explicit BandTable(const Tensor& filters) {
    const int64_t bands = filters.size(0), bins = filters.size(1);
    const auto* row = filters.data_ptr<float>();
    begin.push_back(0);
    for (int64_t b = 0; b < bands; ++b, row += bins) {
      const auto positive = [](float entry) { return entry > 0; };
      const float *first = std::find_if(row, row + bins, positive), *end = row + bins;
      while (end > first && end[-1] <= 0) --end;
      column.push_back(static_cast<int32_t>(first - row));
      entry.insert(entry.end(), first, end);
      while (entry.size() % kernels::kBandStep != 0) entry.push_back(0);
      begin.push_back(static_cast<int32_t>(entry.size()));
    }
  }

  kernels::BandRows rows() const {
    return {static_cast<int64_t>(column.size()), column.data(), begin.data(), entry.data()};
  }

  std::vector<int32_t> column, begin;
  std::vector<float> entry;
};

namespace {

constexpr float kSilentPower = 1e-30F;  // the largest power of what is silence, and less
constexpr double kMostByte = 255;

void check_mel_sound(const Tensor& sound, const StftOptions& options) {
  STEER_CHECK(sound.dim() == 2 && sound.size(0) > 0 && sound.scalar_type() == torch::kFloat32,
              "[mel] expected float32 sounds [N, T] but got ", sound.scalar_type(), " ",
              shape_text(sound.sizes()));
  stft_frames(sound.size(1), options);
}

void check_mel_power(bool finite) {
  STEER_CHECK(finite, "[mel] expected samples that are finite and whose power is, but got others");
}

}  // namespace

struct MelSpectrogram::Plan {
  explicit Plan(const MelOptions& given)
      : options(given),
        stft(stft_options(given)),
        filters(mel_filters(given).to(torch::kFloat32)),
        table(filters) {
    if (FramePower::suits(stft)) power.emplace(stft);
  }

  bool suits(const Tensor& sound) const {
    return power && on_host(sound) && !(at::GradMode::is_enabled() && sound.requires_grad());
  }

  // Power in bands of one sound of T samples: [bands, frames].
  void put_power(const float* sound, int64_t T, float* mels) const {
    const int64_t frames = stft_frames(T, stft), groups = (frames - 1) / kernels::kFrameLanes + 1;
    at::parallel_for(0, groups, 1, [&](int64_t begin, int64_t end) {
      const std::shared_ptr<FrameRoom> room = power->room();
      for (int64_t first = begin * kernels::kFrameLanes; first < end * kernels::kFrameLanes;
           first += kernels::kFrameLanes)
        kernels::band_sums(table.rows(), power->group(sound, T, first, *room),
                           std::min(kernels::kFrameLanes, frames - first), frames, mels + first);
    });
  }

  // Power in bands of sounds.
  Tensor fused(const Tensor& given) const {
    const Tensor sound = given.contiguous();
    const int64_t T = sound.size(1);
    const Tensor mels = at::empty({sound.size(0), options.bands, stft_frames(T, stft)});
    const auto* samples = sound.data_ptr<float>();
    auto* out = mels.data_ptr<float>();
    at::parallel_for(0, sound.size(0), 1, [&](int64_t begin, int64_t end) {
      for (int64_t n = begin; n < end; ++n) put_power(samples + n * T, T, out + n * mels.stride(0));
    });
    return mels;
  }

  // The bytes of one sound; false where its power is not finite.
  bool put_bytes(const float* sound, int64_t T, uint8_t* bytes) const {
    const auto count = static_cast<size_t>(options.bands * stft_frames(T, stft));
    const auto mels = rooms.lend([] { return std::vector<float>(); });
    mels->resize(count);
    put_power(sound, T, mels->data());
    const float largest = kernels::largest_finite(mels->data(), mels->size());
    if (largest < kSilentPower)
      std::fill(bytes, bytes + count, uint8_t{0});
    else if (!std::isnan(largest))
      kernels::bytes_of_power(mels->data(), mels->size(), largest, static_cast<float>(options.floor_db),
                              bytes);
    return !std::isnan(largest);
  }

  // The same by separate operations, on any device and differentiable.
  Tensor plain(const Tensor& sound) const {
    const Tensor spectra = at::view_as_real(steer::stft(sound, stft));
    return at::matmul(filters.to(sound.device()), spectra.square().sum(-1));
  }

  MelOptions options;
  StftOptions stft;
  Tensor filters;
  BandTable table;
  std::optional<FramePower> power;
  KeptRooms<std::vector<float>> rooms;  // for the power of one sound
};

MelSpectrogram::MelSpectrogram(const MelOptions& options) : plan_(std::make_shared<Plan>(options)) {}

const MelOptions& MelSpectrogram::options() const {
  return plan_->options;
}

int64_t MelSpectrogram::frames(int64_t samples) const {
  return stft_frames(samples, plan_->stft);
}

const Tensor& MelSpectrogram::filters() const {
  return plan_->filters;
}

Tensor MelSpectrogram::forward(const Tensor& sound) const {
  check_mel_sound(sound, plan_->stft);
  if (!plan_->suits(sound)) {
    const Tensor power = plan_->plain(sound);
    check_mel_power(at::isfinite(power.detach()).all().item<bool>());
    return power;
  }
  const Tensor power = plan_->fused(sound);
  check_mel_power(!std::isnan(kernels::largest_finite(power.data_ptr<float>(), power.numel())));
  return power;
}

Tensor MelSpectrogram::bytes(const Tensor& sound) const {
  const at::NoGradGuard no_gradients;
  check_mel_sound(sound, plan_->stft);
  if (!plan_->suits(sound)) {
    const double floor_db = plan_->options.floor_db;
    return level_bytes(power_levels(forward(sound), floor_db), floor_db);
  }
  const Tensor samples = sound.contiguous();
  const int64_t T = samples.size(1);
  const Tensor bytes = at::empty({samples.size(0), plan_->options.bands, frames(T)}, torch::kUInt8);
  const auto* from = samples.data_ptr<float>();
  auto* to = bytes.data_ptr<uint8_t>();
  std::atomic<bool> finite{true};
  at::parallel_for(0, samples.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n)
      if (!plan_->put_bytes(from + n * T, T, to + n * bytes.stride(0))) finite = false;
  });
  check_mel_power(finite);
  return bytes;
}

Tensor MelSpectrogram::inverse(const Tensor& power) const {
  return least_nonnegative(plan_->filters, power);
}

Tensor MelSpectrogram::sound(const Tensor& bytes, const GriffinLimOptions& options, const Tensor& seeds,
                             int64_t length) const {
  const Tensor power = power_of_levels(byte_levels(bytes, plan_->options.floor_db));
  return griffin_lim(inverse(power).sqrt(), plan_->stft, options, seeds, length);
}

Tensor power_levels(const Tensor& power, double floor_db) {
  STEER_CHECK(power.dim() >= 2 && power.numel() > 0, "[power_levels] expected power [N, ...] but got ",
              shape_text(power.sizes()));
  const Tensor rows = power.to(torch::kFloat32).reshape({power.size(0), -1});
  STEER_CHECK(at::isfinite(rows.detach()).all().item<bool>(), "[power_levels] expected finite power");
  const Tensor largest = rows.amax(1, true);
  const Tensor share = at::where(largest < kSilentPower, at::zeros_like(rows), rows / largest);
  return at::log10(share.clamp_min(std::pow(10.0, floor_db / 10)))
      .mul(10)
      .clamp_min(floor_db)
      .view(power.sizes());
}

Tensor power_of_levels(const Tensor& levels) {
  return at::pow(10.0, levels.to(torch::kFloat32) / 10);
}

Tensor level_bytes(const Tensor& levels, double floor_db) {
  const Tensor steps = (levels.detach().to(torch::kFloat32) - floor_db) * (kMostByte / -floor_db);
  return at::floor(steps.clamp(0, kMostByte) + 0.5).to(torch::kUInt8);
}

Tensor byte_levels(const Tensor& bytes, double floor_db) {
  return bytes.to(torch::kFloat32) * (-floor_db / kMostByte) + floor_db;
}

}  // namespace steer
