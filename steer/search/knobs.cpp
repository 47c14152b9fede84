#include "steer/search/knobs.h"

#include <fmt/format.h>

#include <algorithm>

#include "steer/core/json.h"
#include "steer/core/options.h"

namespace steer {

std::vector<Knob> suited_knobs(const std::string& method, bool has_truth) {
  // A measurement's score is a log-likelihood: with noise 0.05 two hundred times the squared error, so that
  // useful strengths are small and far apart.
  if (method == "tfg" && has_truth)
    return {{"climb.rho", 1.0 / 256, 4, 4}, {"climb.mu", 1.0 / 1024, 4, 1}, {"climb.sigma", 0.01, 10, 1}};
  if (method == "tfg")
    return {{"climb.rho", 0.25, 2, 8}, {"climb.mu", 0.25, 2, 8}, {"climb.sigma", 0.001, 10, 1}};
  const auto& climbing = climb_names();
  if (std::find(climbing.begin(), climbing.end(), method) != climbing.end())
    return has_truth ? std::vector<Knob>{{"strength", 1.0 / 256, 4, 16}}
                     : std::vector<Knob>{{"strength", 0.25, 2, 8}};
  return {{"population.temperature", 0.03125, 2, 4}};
}

GuidanceOptions turned(GuidanceOptions guidance, const std::string& method, const std::vector<Knob>& knobs,
                       const std::vector<double>& values) {
  for (size_t k = 0; k < knobs.size(); ++k) {
    if (knobs[k].name == "strength") {
      const ClimbOptions at = guidance_preset(method, values[k]).climb;
      guidance.climb.rho = at.rho, guidance.climb.mu = at.mu;
    } else {
      Json json = Json::object();
      apply_set(json, fmt::format("{}={}", knobs[k].name, values[k]));
      read_options(guidance, json, "--knob");
    }
  }
  return guidance;
}

std::string described(const std::vector<Knob>& knobs, const std::vector<double>& values) {
  std::string text;
  for (size_t k = 0; k < knobs.size(); ++k)
    text += fmt::format("{}{} {:g}", k > 0 ? ", " : "", knobs[k].name, values[k]);
  return text;
}

}  // namespace steer
