#include "steer/sound/spectrogram_picture.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr int64_t kGapBelowStrip = 3;    // pixels
constexpr double kFaintest = 1e-3;       // -60 dB of full scale
constexpr int64_t kColumnsAtOnce = 128;  // so many columns' windows are in memory together

// Colours at even lightness, of hues from 280 to 455 degrees and the chroma that fits into sRGB (CIELAB).
constexpr float kDarkToLight[][3] = {{1, 17, 41},     {52, 24, 94},    {122, 12, 107},
                                     {178, 19, 102},  {221, 59, 92},   {247, 108, 84},
                                     {252, 160, 102}, {253, 206, 144}, {254, 246, 223}};
constexpr int64_t kColourSteps = 8;

// The power of two that is nearest to 32 ms by ratio.
int64_t picture_window(int64_t rate) {
  const double exponent = std::log2(0.032 * static_cast<double>(rate));
  return int64_t{1} << std::clamp<int64_t>(std::llround(exponent), 6, 14);
}

double mel_of(double hz) {
  return 2595 * std::log10(1 + hz / 700);
}

double hz_of(double mel) {
  return 700 * (std::pow(10, mel / 2595) - 1);
}

// Weights [rows, bins] that sum to 1 in each row, the highest frequency first: triangles from one row's
// frequency to its neighbours', or of one bin on either side where bins are coarser than rows.
Tensor mel_row_weights(int64_t rows, int64_t bins, int64_t rate) {
  const double bin_hz = 0.5 * static_cast<double>(rate) / static_cast<double>(bins - 1);
  const double step = mel_of(0.5 * static_cast<double>(rate)) / static_cast<double>(rows);
  const Tensor weights = at::zeros({rows, bins}, torch::kFloat32);
  for (int64_t row = 0; row < rows; ++row) {
    const double mel = (static_cast<double>(rows - row) - 0.5) * step, middle = hz_of(mel);
    const double below = std::max(bin_hz, middle - hz_of(mel - step));
    const double above = std::max(bin_hz, hz_of(mel + step) - middle);
    float* to = weights.data_ptr<float>() + row * bins;
    for (int64_t bin = 0; bin < bins; ++bin) {
      const double away = static_cast<double>(bin) * bin_hz - middle;
      to[bin] = static_cast<float>(std::max(0.0, away < 0 ? 1 + away / below : 1 - away / above));
    }
  }
  return weights.div_(weights.sum(1, true));
}

// Where the windows of some columns begin, in frames; `windows` for each column.
std::vector<int64_t> window_begins(int64_t first, int64_t columns, int64_t windows, double column_frames,
                                   int64_t window) {
  std::vector<int64_t> begins;
  for (int64_t i = 0; i < columns * windows; ++i) {
    const double column =
        static_cast<double>(first) + (static_cast<double>(i) + 0.5) / static_cast<double>(windows);
    begins.push_back(std::llround(column * column_frames - 0.5 * static_cast<double>(window)));
  }
  return begins;
}

// The windows of a sound [T] at these places as [N, window], silence where there is no sound.
Tensor cut_windows(const Tensor& samples, const std::vector<int64_t>& begins, int64_t window) {
  const Tensor cut = at::zeros({static_cast<int64_t>(begins.size()), window}, torch::kFloat32);
  const float* from = samples.data_ptr<float>();
  float* to = cut.data_ptr<float>();
  for (const int64_t begin : begins) {
    const int64_t first = std::max<int64_t>(begin, 0), last = std::min(begin + window, samples.size(0));
    if (first < last) std::copy(from + first, from + last, to + (first - begin));
    to += window;
  }
  return cut;
}

// Power [rows, width]; that of a sine of amplitude 1 is about 1 at its place.
Tensor mel_powers(const Tensor& samples, int64_t rate, const SpectrogramPictureOptions& options) {
  const int64_t window = picture_window(rate), transform = 2 * window;
  const double column_frames = static_cast<double>(samples.size(0)) / static_cast<double>(options.width);
  const auto windows = std::clamp<int64_t>(
      std::llround(std::ceil(2 * column_frames / static_cast<double>(window))), 1, kMostColumnWindows);
  const Tensor hann = at::hann_window(window, true, torch::kFloat32);
  const Tensor weights = mel_row_weights(options.height, transform / 2 + 1, rate);
  const double scale = 4 / std::pow(hann.sum().item<double>(), 2);
  std::vector<Tensor> parts;
  for (int64_t first = 0; first < options.width; first += kColumnsAtOnce) {
    const int64_t columns = std::min(kColumnsAtOnce, options.width - first);
    const Tensor cut =
        cut_windows(samples, window_begins(first, columns, windows, column_frames, window), window);
    const Tensor power =
        at::view_as_real(at::fft_rfft(cut.mul_(hann), transform)).square().sum(-1).mul_(scale);
    parts.push_back(at::matmul(weights, power.view({columns, windows, -1}).mean(1).t()));
  }
  return at::cat(parts, 1);
}

// The shares of the colours of power, 1 for the greatest or for `least`, if that is more.
Tensor decibel_shares(const Tensor& power, double least, double range_db) {
  const double top = std::max(power.max().item<double>(), least);
  return power.div(top).clamp_min(1e-30).log10_().mul_(10 / range_db).add_(1).clamp_(0, 1);
}

// What a column of the waveform shows.
struct WaveColumn {
  double low = 0, high = 0, rms = 0;
};

// The range and root mean square of a sound over [begin, end), in frames, as straight lines from sample to
// sample at whole frames have them.
WaveColumn wave_column(const float* samples, int64_t count, double begin, double end) {
  const auto at = [&](double t) {
    const double place = std::clamp(t, 0.0, static_cast<double>(count - 1));
    const auto i = static_cast<int64_t>(place);
    const double share = place - static_cast<double>(i);
    return (1 - share) * samples[i] + share * samples[std::min(i + 1, count - 1)];
  };
  const double first = at(begin), last = at(end);
  WaveColumn column{std::min(first, last), std::max(first, last), 0};
  double squares = 0.5 * (first * first + last * last), weights = 1;
  for (auto i = static_cast<int64_t>(std::ceil(begin)); i < count && static_cast<double>(i) < end; ++i) {
    const double x = samples[i];
    column.low = std::min(column.low, x);
    column.high = std::max(column.high, x);
    squares += x * x;
    weights += 1;
  }
  column.rms = std::sqrt(squares / weights);
  return column;
}

// How much of the pixel row `y` lies in [top, bottom].
float covered(double top, double bottom, int64_t y) {
  const auto row = static_cast<double>(y);
  return static_cast<float>(std::clamp(std::min(bottom, row + 1) - std::max(top, row), 0.0, 1.0));
}

// The shares of the colours of a waveform in [-1, 1], [strip, width]: a line of half a pixel where there is
// silence.
Tensor wave_shares(const Tensor& samples, const SpectrogramPictureOptions& options) {
  constexpr float kRange = 0.45f, kLevel = 0.8f;
  constexpr double kThick = 0.25;
  const Tensor shares = at::zeros({options.strip, options.width}, torch::kFloat32);
  const auto count = samples.size(0);
  const double middle = 0.5 * static_cast<double>(options.strip), half = std::max(0.5, middle - 3);
  const double frames = static_cast<double>(count) / static_cast<double>(options.width);
  for (int64_t x = 0; x < options.width; ++x) {
    const WaveColumn column = wave_column(samples.data_ptr<float>(), count, static_cast<double>(x) * frames,
                                          static_cast<double>(x + 1) * frames);
    const double low = middle - column.low * half + kThick, high = middle - column.high * half - kThick;
    const double bottom = std::min(low, middle + column.rms * half + kThick);
    const double top = std::max(high, middle - column.rms * half - kThick);
    for (int64_t y = 0; y < options.strip; ++y) {
      float& share = shares.data_ptr<float>()[y * options.width + x];
      share = kRange * covered(high, low, y);
      share += (kLevel - share) * covered(top, bottom, y);
    }
  }
  return shares;
}

void check_picture_options(const SpectrogramPictureOptions& options) {
  const auto fits = [](int64_t side, int64_t least) {
    return side >= least && side <= kLargestSpectrogramSide;
  };
  STEER_CHECK(fits(options.width, 1) && fits(options.height, 1) && fits(options.strip, 0),
              "[spectrogram_picture] expected width and height of 1 to ", kLargestSpectrogramSide,
              " pixels and a strip of 0 or more but got ", options.width, ", ", options.height, " and ",
              options.strip);
  STEER_CHECK(std::isfinite(options.range_db) && options.range_db > 0,
              "[spectrogram_picture] expected a range above 0 dB but got ", options.range_db);
}

}  // namespace

Tensor spectrogram_picture(const Sound& sound, const SpectrogramPictureOptions& options) {
  check_sound(sound, "spectrogram_picture");
  check_picture_options(options);
  STEER_CHECK(sound.channels() == 1,
              "[spectrogram_picture] expected one channel (as_mono gives the mean of all) but got ",
              sound.channels());
  const Tensor samples = sound.samples[0].detach().to(torch::kCPU).contiguous();
  const double peak = std::max(samples.abs().max().item<double>(), kFaintest);
  const Tensor scaled = samples.div(peak);
  const Tensor power = mel_powers(scaled, sound.rate, options);
  std::vector<Tensor> parts;
  if (options.strip > 0) {
    parts.push_back(wave_shares(scaled, options));
    parts.push_back(at::zeros({kGapBelowStrip, options.width}));
  }
  parts.push_back(decibel_shares(power, std::pow(kFaintest / peak, 2), options.range_db));
  return dark_to_light(at::cat(parts));
}

Tensor dark_to_light(const Tensor& shares) {
  const Tensor colours =
      at::from_blob(const_cast<float(*)[3]>(kDarkToLight), {kColourSteps + 1, 3}, torch::kFloat32);
  const Tensor place = shares.to(torch::kFloat32).clamp(0, 1).mul(kColourSteps);
  const Tensor step = place.floor().clamp_max(kColourSteps - 1), share = place.sub(step).unsqueeze(0);
  const auto colour_at = [&](const Tensor& index) {
    return colours.t().index_select(1, index.to(torch::kInt64).flatten()).view(with_rows(3, shares.sizes()));
  };
  return at::lerp(colour_at(step), colour_at(step.add(1)), share).div_(127.5).sub_(1);
}

}  // namespace steer
