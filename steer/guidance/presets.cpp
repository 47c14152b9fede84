#include "steer/guidance/presets.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/modalities/modalities.h"

namespace steer {

const std::vector<Named>& climb_methods() {
  static const std::vector<Named> table = {
      {"tfg", "training-free guidance: all terms at once (Ye et al. 2024)"},
      {"dps", "diffusion posterior sampling: the gradient through the network, scaled (Chung et al. 2023)"},
      {"lgd", "loss-guided diffusion: the mean gradient over ten draws around x0 (Song et al. 2023)"},
      {"freedom", "the gradient through the network, made for repeated steps (Yu et al. 2023)"},
      {"mpgd", "the gradient at x0 alone, no pass through the network (He et al. 2024)"},
      {"ugd", "universal guidance: forward and backward steps (Bansal et al. 2023)"},
      {"pigdm", "pseudoinverse guidance, in closed form for linear objectives (Song et al. 2023)"},
      {"pigdm_step",
       "steer's own: pigdm's slope added to whole steps, as TFG adds its; closer to measurements of little "
       "noise"},
  };
  return table;
}

const std::vector<std::string>& climb_names() {
  static const std::vector<std::string> names = names_of(climb_methods());
  return names;
}

ClimbOptions climb_preset(const std::string& name, double strength) {
  STEER_CHECK(std::isfinite(strength), "[guide] expected a finite strength but got ", strength);
  const double s = strength < 0 ? 1 : strength;
  ClimbOptions o;
  if (name == "tfg") {
    o.rho = o.mu = s;
    return o;
  }
  // The others have one term, or both at one strength, see the objective as it is, and clip nothing.
  o.rho = o.mu = o.sigma = 0;
  o.rho_structure = o.mu_structure = "constant";
  o.iterations = 1, o.clip_x0 = false;
  if (name == "none") return o;
  if (name == "dps") {
    o.rho = s, o.rho_structure = "sqrt_alpha", o.normalise = "residual";
  } else if (name == "lgd") {
    o.draws = 10, o.sigma = 1;
    o.rho = s / static_cast<double>(o.draws), o.rho_structure = "sqrt_alpha";
  } else if (name == "freedom") {
    o.rho = s, o.rho_structure = "increase_sqrt_alpha";
  } else if (name == "mpgd") {
    o.mu = s, o.clip_x0 = o.keep_eps = true;
  } else if (name == "ugd") {
    o.form = "denoiser", o.rho = o.mu = s;
  } else if (name == "pigdm") {
    o.form = "denoiser", o.rho = s, o.sigma = 1, o.sigma_structure = "posterior", o.draws = 0;
    o.clip_x0 = true;
  } else if (name == "pigdm_step") {
    o.rho = s, o.rho_structure = "increase", o.sigma = 1, o.sigma_structure = "posterior", o.draws = 0;
    o.clip_x0 = true;
  } else {
    fail("[guide] unknown method ", name, did_you_mean(name, guidance_names()));
  }
  return o;
}

const std::vector<Named>& guidance_methods() {
  static const std::vector<Named> table = [] {
    std::vector<Named> all = climb_methods();
    all.insert(all.end(), {{"best_of", "the best of whole runs; needs no gradient"},
                           {"svdd", "one of several candidates goes on from each step; needs no gradient"},
                           {"feynman_kac", "particles, resampled by weight; needs no gradient"},
                           {"tree", "the best children of several paths go on; needs no gradient"}});
    return all;
  }();
  return table;
}

const std::vector<std::string>& guidance_names() {
  static const std::vector<std::string> names = names_of(guidance_methods());
  return names;
}

GuidanceOptions guidance_preset(const std::string& name, double strength) {
  GuidanceOptions o;
  const auto& climbing = climb_names();
  if (std::find(climbing.begin(), climbing.end(), name) != climbing.end()) {
    o.climb = climb_preset(name, strength);
    return o;
  }
  const auto& known = guidance_names();
  STEER_CHECK(std::find(known.begin(), known.end(), name) != known.end(), "[guide] unknown method ", name,
              did_you_mean(name, known));
  STEER_CHECK(strength < 0, "[guide] ", name, ": expected no strength but got ", strength,
              "; a temperature divides its scores");
  o.climb = climb_preset("none");
  o.population.method = name;
  return o;
}

void check_together(const GuidanceOptions& o) {
  if (!climbs(o.climb)) return;
  STEER_CHECK(o.population.method != "feynman_kac" || o.climb.recurrence == 1,
              "[guide] recurrence: expected 1 for particles that climb but got ", o.climb.recurrence);
  STEER_CHECK(!by_destination(o.population),
              "[guide] population.branch: expected state for a tree whose paths climb but got destination");
}

namespace {

// Whether all measurements say that they are off by more than what a step may fit away.
bool noisy(const std::vector<Measurement>& linear) {
  constexpr double kNoise = 0.1;
  return std::all_of(linear.begin(), linear.end(),
                     [](const Measurement& m) { return m.scale < 1 / (2 * kNoise * kNoise); });
}

// Whether a term of a sum is a measurement.
bool measures(const Objective& objective) {
  const auto parts = objective.parts();
  return std::any_of(parts.begin(), parts.end(), [](const Objective::Part& part) {
    return !part.ranked && !part.objective->linear().empty();
  });
}

// The method that suits and how many times its own strength.
struct Suited {
  std::string method;
  double strength = 1;
};

Suited suited(const Objective& objective, const Space& space) {
  // What is safe may be strong.
  constexpr double kStrong = 4;
  const std::vector<Measurement> linear = objective.linear();
  const std::string& known = modality_of(space).method;
  if (!known.empty() && objective.differentiable()) return {known};
  // Without a limit, samples are points, whose posterior is wanted.
  if (space.limit == 0 && objective.differentiable()) return {"pigdm"};
  if (!linear.empty()) return {noisy(linear) ? "pigdm" : "pigdm_step"};
  // Beside a measurement a strong pull of what else there is leads astray.
  if (objective.differentiable()) return {"tfg", measures(objective) ? 1 : kStrong};
  return {"feynman_kac"};
}

}  // namespace

std::string method_for(const std::string& name, const Objective& objective, const Space& space) {
  return name.empty() || name == kAuto ? suited(objective, space).method : name;
}

int64_t suited_recurrence(const Objective& objective, const Space& space) {
  constexpr int64_t kRepeats = 3;
  return suited(objective, space).method == "pigdm_step" ? kRepeats : 1;
}

GuidanceOptions suited_guidance(const std::string& name, double strength, const Objective& objective,
                                const Space& space) {
  constexpr double kReach = 2, kSpreads = 0.25;
  constexpr int64_t kDraws = 32;
  const bool unlimited = space.limit == 0, linear = !objective.linear().empty();
  const bool choose = name.empty() || name == kAuto;
  const Suited by = choose ? suited(objective, space) : Suited{name};
  if (by.strength != 1) strength = by.strength * (strength < 0 ? 1 : strength);
  GuidanceOptions guidance = guidance_preset(by.method, strength);
  // Pseudoinverse guidance steps by what the denoiser leaves open, and leaps over nothing.
  if (!objective.in_nats()) guidance.population.spread = true, guidance.population.temperature = kSpreads;
  guidance.climb.safe = !(by.method == "pigdm" && linear && strength <= 1);
  if (!unlimited) return guidance;
  guidance.climb.reach = kReach;
  if (by.method == "pigdm" && !linear) guidance.climb.draws = kDraws;
  return guidance;
}

}  // namespace steer
