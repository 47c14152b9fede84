#include "steer/sound/mel_filters.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "steer/core/check.h"
#include "steer/core/options.h"

namespace steer {
namespace {

constexpr double kHzOfMel = 200.0 / 3;  // below the kink
constexpr double kKinkHz = 1000;
constexpr double kKinkMel = kKinkHz / kHzOfMel;

// Octaves and the like of a mel above the kink: ln 6.4 / 27.
double mel_step() {
  return std::log(6.4) / 27;
}

double highest_of(const MelOptions& options) {
  return options.highest_hz > 0 ? options.highest_hz : static_cast<double>(options.rate) / 2;
}

// Where bands begin, have their middle and end, in Hz: bands + 2 edges.
std::vector<double> band_edges(const MelOptions& options) {
  const double low = mel_of_hz(options.lowest_hz), high = mel_of_hz(highest_of(options));
  std::vector<double> edges;
  for (int64_t i = 0; i < options.bands + 2; ++i)
    edges.push_back(
        hz_of_mel(low + (high - low) * static_cast<double>(i) / static_cast<double>(options.bands + 1)));
  return edges;
}

void refuse_empty(const MelOptions& options, const std::vector<double>& edges,
                  const std::vector<int64_t>& empty) {
  constexpr size_t kMostNamed = 6;
  std::string names;
  for (size_t i = 0; i < std::min(kMostNamed, empty.size()); ++i) {
    const auto band = static_cast<size_t>(empty[i]);
    names += joined(i > 0 ? ", " : "", band, " (", std::lround(edges[band]), " to ",
                    std::lround(edges[band + 2]), " Hz)");
  }
  fail("[mel] expected a frequency of the spectrum in each of ", options.bands, " bands but got none in ",
       empty.size(), ": ", names, empty.size() > kMostNamed ? " ..." : "",
       "; a longer window or fewer bands have");
}

}  // namespace

void check(const MelOptions& o) {
  check_options(o, "mel");
  check(stft_options(o));
  STEER_CHECK(highest_of(o) <= static_cast<double>(o.rate) / 2,
              "[options] mel.highest_hz: expected at most half the rate, ", static_cast<double>(o.rate) / 2,
              " Hz, but got ", o.highest_hz);
  STEER_CHECK(o.lowest_hz < highest_of(o), "[options] mel.lowest_hz: expected less than ", highest_of(o),
              " Hz, where the highest band ends, but got ", o.lowest_hz);
}

StftOptions stft_options(const MelOptions& options) {
  return {options.window, options.hop, true, options.padding};
}

double mel_of_hz(double hz) {
  return hz < kKinkHz ? hz / kHzOfMel : kKinkMel + std::log(hz / kKinkHz) / mel_step();
}

double hz_of_mel(double mel) {
  return mel < kKinkMel ? mel * kHzOfMel : kKinkHz * std::exp((mel - kKinkMel) * mel_step());
}

Tensor mel_filters_at(const Tensor& hz, const MelOptions& options) {
  check(options);
  const std::vector<double> edges = band_edges(options);
  const Tensor at_hz = hz.to(torch::kFloat64);
  std::vector<Tensor> rows;
  for (int64_t b = 0; b < options.bands; ++b) {
    const double *edge = &edges[static_cast<size_t>(b)], width = edge[2] - edge[0];
    const Tensor rising = (at_hz - edge[0]) / (edge[1] - edge[0]),
                 falling = (edge[2] - at_hz) / (edge[2] - edge[1]);
    rows.push_back(at::minimum(rising, falling).clamp_min(0) * (2 / width));
  }
  return at::stack(rows);
}

Tensor mel_filters(const MelOptions& options) {
  const int64_t bins = options.window / 2 + 1;
  const Tensor hz = at::arange(bins, torch::kFloat64) * options.rate / options.window;
  const Tensor filters = mel_filters_at(hz, options);
  const Tensor empty = at::nonzero((filters == 0).all(1)).flatten().contiguous();
  if (empty.numel() > 0) {
    const auto* first = empty.data_ptr<int64_t>();
    refuse_empty(options, band_edges(options), {first, first + empty.numel()});
  }
  return filters;
}

}  // namespace steer
