#include "steer/guidance/presets.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/options.h"

namespace steer {

const std::vector<std::string>& climb_names() {
  static const std::vector<std::string> names = {"tfg", "dps", "lgd", "freedom", "mpgd", "ugd", "pigdm"};
  return names;
}

ClimbOptions climb_preset(const std::string& name, double strength) {
  STEER_CHECK(std::isfinite(strength) && strength >= 0, "[guide] expected a strength above 0 but got ",
              strength);
  const double s = strength > 0 ? strength : 1;
  ClimbOptions o;
  if (name == "tfg") {
    o.rho = o.mu = s;
    return o;
  }
  // The others have one term, or both at one strength, and see the objective as it is.
  o.rho = o.mu = o.sigma = 0;
  o.rho_structure = o.mu_structure = "constant";
  o.iterations = 1;
  if (name == "none") return o;
  if (name == "dps") {
    o.rho = s, o.rho_structure = "sqrt_alpha", o.normalise = "score", o.clip_x0 = false;
  } else if (name == "lgd") {
    o.rho = s, o.rho_structure = "sqrt_alpha", o.sigma = 1, o.draws = 10;
  } else if (name == "freedom") {
    o.rho = s, o.rho_structure = "increase_sqrt_alpha";
  } else if (name == "mpgd") {
    o.mu = s;
  } else if (name == "ugd") {
    o.form = "denoiser", o.rho = o.mu = s, o.clip_x0 = false;
  } else if (name == "pigdm") {
    o.form = "denoiser", o.rho = s, o.sigma = 1, o.sigma_structure = "posterior", o.draws = 0;
  } else {
    fail("[guide] unknown method ", name, did_you_mean(name, climb_names()));
  }
  return o;
}

}  // namespace steer
