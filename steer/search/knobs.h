// The strengths of guidance as knobs of a search.
#pragma once

#include "steer/guidance/presets.h"
#include "steer/search/search.h"

namespace steer {

// What is searched of a method unless the user says: of tfg its three strengths, of other methods with a
// gradient their one, "strength", else the temperature. The ranges are those of TFG's own search, for labels
// or, where samples have a truth, for inverse problems (Ye et al. 2024).
std::vector<Knob> suited_knobs(const std::string& method, bool has_truth);

// Guidance with knobs at these values. "strength" stands for what climb_preset makes of it; other names are
// those of GuidanceOptions. Error for names that do not exist.
GuidanceOptions turned(GuidanceOptions guidance, const std::string& method, const std::vector<Knob>& knobs,
                       const std::vector<double>& values);

// "climb.rho 0.5, climb.mu 2".
std::string described(const std::vector<Knob>& knobs, const std::vector<double>& values);

}  // namespace steer
