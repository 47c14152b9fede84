// Grids: the noise levels that a sampler visits. Sigma is the truth; no level is looked up in another
// schedule.
#pragma once

#include <string>
#include <vector>

#include "steer/core/named.h"
#include "steer/core/option_fields.h"
#include "steer/diffusion/process.h"

namespace steer {

// Which grid, and its ends.
struct LevelOptions {
  std::string type = "karras";
  int64_t steps = 18;
  double sigma_min = 0;
  double sigma_max = 0;
  double rho = 0;
  double shift = 1;
  int64_t offset = 0;

  void fields(OptionFields& f) {
    f("type", type,
      "karras, exponential, poly_exponential, log_snr, vp, ve, time, flow, cosine, iddpm, ddpm_leading, "
      "ddpm_trailing, ddpm_linspace, ddpm_even or quadratic");
    f("steps", steps, "steps, the last one down to 0", from_to(1, 100000));
    f("sigma_min", sigma_min, "lowest level above 0; 0 = the process's own", at_least(0));
    f("sigma_max", sigma_max, "first level; 0 = the process's own", at_least(0));
    f("rho", rho, "karras: the exponent, 0 = 7; poly_exponential: of the ramp, 0 = 1", at_least(0));
    f("shift", shift, "flow: odds of the time are multiplied by it; above 1 more steps at high noise",
      more_than(0));
    f("offset", offset, "ddpm_leading: added to the indices", at_least(0));
  }
};

// The words of LevelOptions::type.
const std::vector<std::string>& level_names();
// The same with what each means.
const std::vector<Named>& level_grids();

// n steps: float64 [n + 1], strictly descending from the first level to 0. With r_i = i / (n - 1):
//
//   karras            (smax^(1/rho) + r (smin^(1/rho) - smax^(1/rho)))^rho (Karras et al. 2022, equation 5)
//   exponential, ve, log_snr   ln sigma linear, three names of one grid: sigma^2 geometric, log-SNR uniform
//   poly_exponential  ln sigma = (1 - r)^rho ln(smax / smin) + ln smin
//   vp                t linear in the time of a vp process (the given one, or its defaults)
//   time              t linear in the given process's own time
//   flow              t linear from smax / (1 + smax) to exactly 0, t -> shift t / (1 + (shift - 1) t),
//                     sigma = t / (1 - t); the first level stays smax, smin is not used
//   cosine            sigma = tan(pi t / 2), t linear
//   iddpm             every round((m - 1) r)-th of the m entries of the cosine table within [smin, smax]
//   ddpm_leading      table indices i floor(T / n) + offset: the noisiest entry is not among them
//   ddpm_trailing     round(T - i T / n) - 1
//   ddpm_linspace     round((T - 1) r)
//   quadratic         floor((i sqrt(0.8 T) / (n - 1))^2) (Song, Meng, Ermon 2021)
//
// The last four pick from the process's table (that of ddpm where it has none), in which smin and smax play
// no part; indices that rounding makes equal move up to the next free entry. Error for an unknown type, steps
// below 1 or more than a table has, an empty range, and a shift or rho that is not positive.
Tensor make_levels(const LevelOptions& options, const Process& process);

// The rows of the table above that need no process; the first n levels, above 0. n = 1 gives smax.
Tensor karras_levels(int64_t n, double sigma_min, double sigma_max, double rho = 7);
Tensor poly_exponential_levels(int64_t n, double sigma_min, double sigma_max, double rho = 1);
Tensor cosine_levels(int64_t n, double sigma_min, double sigma_max);
Tensor flow_levels(int64_t n, double sigma_max, double shift = 1);

// The levels with 0 behind them.
Tensor with_zero(const Tensor& levels);

}  // namespace steer
