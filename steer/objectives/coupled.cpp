#include "steer/objectives/coupled.h"

#include <algorithm>

namespace steer {

int64_t group_of(const Objective& objective) {
  if (const auto* coupled = dynamic_cast<const CoupledObjective*>(&objective)) return coupled->group();
  int64_t group = 1;
  for (const Objective::Part& part : objective.parts()) group = std::max(group, group_of(*part.objective));
  return group;
}

}  // namespace steer
