#include "steer/codes/split_rule.h"

#include <algorithm>
#include <numeric>

namespace steer {

bool rule_fires(const std::string& rule, double most, double least, double total, int64_t nodes) {
  if (rule == "none" || nodes < 2 || total <= 0) return false;
  const double high = most / total, low = least / total, even = 1.0 / static_cast<double>(nodes);
  return low < even / 2 || (rule == "paper" ? high > 2 * even : high - low > even);
}

std::optional<Split> wanted_split(const std::vector<double>& counts, const std::string& rule) {
  if (counts.empty()) return std::nullopt;
  const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
  const auto busiest = std::max_element(counts.begin(), counts.end());
  const auto idlest = std::min_element(counts.begin(), counts.end());
  if (!rule_fires(rule, *busiest, *idlest, total, static_cast<int64_t>(counts.size()))) return std::nullopt;
  return Split{busiest - counts.begin(), idlest - counts.begin()};
}

}  // namespace steer
