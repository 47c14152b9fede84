#include "steer/diffusion/levels.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/core/pi.h"

namespace steer {
namespace {

// r_i = i / (n - 1), float64 [n]; n = 1 gives 0.
Tensor ramp(int64_t n) {
  return at::arange(n, at::TensorOptions().dtype(torch::kFloat64)) /
         static_cast<double>(std::max<int64_t>(n - 1, 1));
}

// From `first` to `last`, both given back exactly.
Tensor between(double first, double last, int64_t n) {
  const Tensor r = ramp(n);
  return first * (1 - r) + last * r;
}

// n levels even in the time of a process.
Tensor even_in_time(const Process& process, int64_t n, double sigma_min, double sigma_max) {
  const Tensor ends =
      process.time(at::tensor({sigma_max, sigma_min}, at::TensorOptions().dtype(torch::kFloat64)));
  return process.sigma(between(ends[0].item<double>(), ends[1].item<double>(), n));
}

// The table's entries at `places` (descending after sorting), no two the same.
Tensor picked(const Tensor& table, std::vector<int64_t> places) {
  std::sort(places.begin(), places.end());
  const int64_t last = table.numel() - 1, n = static_cast<int64_t>(places.size());
  STEER_CHECK(n <= table.numel(), "[levels] expected at most ", table.numel(),
              " steps, the entries of the table, but got ", n);
  for (int64_t i = 0; i < n; ++i)
    places[i] = std::max(i > 0 ? places[i - 1] + 1 : 0, std::min(places[i], last));
  // Where pushing up ran over the end, the last entries close up from there.
  for (int64_t i = 0; i < n; ++i) places[i] = std::min(places[i], last - (n - 1 - i));
  return table.index_select(0, at::tensor(places, torch::kInt64)).flip(0);
}

Tensor of_table(const LevelOptions& o, const Tensor& table) {
  const int64_t n = o.steps, size = table.numel();
  STEER_CHECK(n <= size, "[levels] expected at most ", size, " steps of ", o.type, " but got ", n);
  const double entries = static_cast<double>(size), gaps = static_cast<double>(std::max<int64_t>(n - 1, 1));
  const double stride = (entries - 1) / gaps;
  double sum = n > 1 ? 0 : entries - 1;
  std::vector<int64_t> places;
  for (int64_t i = 0; i < n; ++i, sum += stride) {
    const double k = static_cast<double>(i);
    double place = 0;
    if (o.type == "ddpm_leading")
      place = k * std::floor(entries / static_cast<double>(n)) + static_cast<double>(o.offset);
    if (o.type == "ddpm_trailing") place = std::nearbyint(entries - k * entries / static_cast<double>(n)) - 1;
    // The sum of strides and the product round to other entries at some numbers of steps.
    if (o.type == "ddpm_linspace") place = std::nearbyint(sum);
    if (o.type == "ddpm_even") place = std::nearbyint(i + 1 < n ? k * stride : entries - 1);
    if (o.type == "quadratic")
      place = std::floor(std::pow((n > 1 ? k / gaps : 1) * std::sqrt(0.8 * entries), 2));
    places.push_back(static_cast<int64_t>(place));
  }
  return picked(table, places);
}

Tensor of_cosine_table(int64_t n, const Process& process, double sigma_min, double sigma_max) {
  const Tensor all = (process.type() == "cosine" ? process.table() : cosine_table(1000)).flip(0);
  const Tensor inside = all.masked_select(at::logical_and(all >= sigma_min, all <= sigma_max));
  STEER_CHECK(n <= inside.numel(), "[levels] expected at most ", inside.numel(),
              " steps, the entries of the cosine table from ", sigma_min, " to ", sigma_max, ", but got ", n);
  const Tensor places = (ramp(n) * static_cast<double>(inside.numel() - 1)).round().to(torch::kInt64);
  return inside.index_select(0, places);
}

}  // namespace

const std::vector<Named>& level_grids() {
  static const std::vector<Named> table = {
      {"karras", "a power rho of sigma linear (Karras et al. 2022)"},
      {"exponential", "the logarithm of sigma linear"},
      {"poly_exponential", "the logarithm of sigma along a power of the ramp"},
      {"log_snr", "signal to noise uniform in its logarithm: the grid exponential"},
      {"vp", "linear in the time of a vp process"},
      {"ve", "sigma^2 geometric: the grid exponential"},
      {"time", "linear in the time of the process itself"},
      {"flow", "linear in t = sigma / (1 + sigma), shifted where told"},
      {"cosine", "sigma = tan(pi t / 2), t linear"},
      {"iddpm", "entries of the cosine table (Nichol and Dhariwal 2021)"},
      {"ddpm_leading", "entries of the table of ddpm, evenly, without the noisiest"},
      {"ddpm_trailing", "entries of the table of ddpm, evenly, from the noisiest"},
      {"ddpm_linspace",
       "entries of the table of ddpm, evenly, with both ends, as OpenAI's programs and TFG take them"},
      {"ddpm_even", "the same as NumPy's linspace rounds, which diffusers takes"},
      {"quadratic", "entries of the table of ddpm, denser at little noise (Song et al. 2021)"},
  };
  return table;
}

const std::vector<std::string>& level_names() {
  static const std::vector<std::string> names = names_of(level_grids());
  return names;
}

Tensor karras_levels(int64_t n, double sigma_min, double sigma_max, double rho) {
  return between(std::pow(sigma_max, 1 / rho), std::pow(sigma_min, 1 / rho), n).pow(rho);
}

Tensor poly_exponential_levels(int64_t n, double sigma_min, double sigma_max, double rho) {
  return sigma_min * ((1 - ramp(n)).pow(rho) * std::log(sigma_max / sigma_min)).exp();
}

Tensor cosine_levels(int64_t n, double sigma_min, double sigma_max) {
  const double first = std::atan(sigma_max) * 2 / kPi, last = std::atan(sigma_min) * 2 / kPi;
  return (between(first, last, n) * (kPi / 2)).tan();
}

Tensor flow_levels(int64_t n, double sigma_max, double shift) {
  // Shifting multiplies the odds t / (1 - t), which are sigma.
  const double start = sigma_max / shift;
  const Tensor index = at::arange(n, at::TensorOptions().dtype(torch::kFloat64));
  const Tensor t = start / (1 + start) * (1 - index / static_cast<double>(n));
  return shift * t / (1 - t);
}

Tensor with_zero(const Tensor& levels) {
  return at::cat({levels, at::zeros({1}, levels.options())});
}

Tensor make_levels(const LevelOptions& o, const Process& process) {
  const auto& names = level_names();
  STEER_CHECK(std::find(names.begin(), names.end(), o.type) != names.end(),
              "[levels] expected a known type but got ", o.type, did_you_mean(o.type, names));
  check_options(o, "levels");
  const double low = o.sigma_min > 0 ? o.sigma_min : process.sigma_min();
  const double high = o.sigma_max > 0 ? o.sigma_max : process.sigma_max();
  STEER_CHECK(std::isfinite(high) && low < high, "[levels] expected 0 < sigma_min < sigma_max but got ", low,
              " and ", high);

  const int64_t n = o.steps;
  if (o.type == "karras") return with_zero(karras_levels(n, low, high, o.rho > 0 ? o.rho : 7));
  if (o.type == "exponential" || o.type == "ve" || o.type == "log_snr")
    return with_zero(poly_exponential_levels(n, low, high));
  if (o.type == "poly_exponential")
    return with_zero(poly_exponential_levels(n, low, high, o.rho > 0 ? o.rho : 1));
  if (o.type == "cosine") return with_zero(cosine_levels(n, low, high));
  if (o.type == "flow") return with_zero(flow_levels(n, high, o.shift));
  if (o.type == "time") return with_zero(even_in_time(process, n, low, high));
  if (o.type == "vp") {
    ProcessOptions vp;
    vp.type = "vp";
    return with_zero(even_in_time(process.type() == "vp" ? process : make_process(vp), n, low, high));
  }
  if (o.type == "iddpm") return with_zero(of_cosine_table(n, process, low, high));
  return with_zero(of_table(o, process.table().defined() ? process.table() : ddpm_table(1000, 0.1, 20)));
}

}  // namespace steer
