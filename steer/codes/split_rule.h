// When the nodes of a layer are so unevenly used that the busiest shall be cloned over the idlest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace steer {

// Which node was cloned over which.
struct Split {
  int64_t split;  // the busiest node: cloned
  int64_t prune;  // the idlest node: overwritten by the clone
};

// Whether a rule (exact, paper, or none: never) asks for a split at the largest and the smallest of K counts
// and their total.
bool rule_fires(const std::string& rule, double most, double least, double total, int64_t nodes);

// The split that a rule asks for at these counts [K], or nothing. Ties go to the lower index.
std::optional<Split> wanted_split(const std::vector<double>& counts, const std::string& rule);

}  // namespace steer
