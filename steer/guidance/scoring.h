// An objective asked about full-size samples that compete in groups.
#pragma once

#include "steer/objectives/objective.h"

namespace steer {

// Scores of N samples, float64 [N] on their device; higher is better. The samples compete in `groups`
// equal consecutive groups: the ranks of a RankSum are those within a group, NaN ranking lowest. Groups must
// be a multiple of the objective's targets. No gradient is kept.
Tensor score_rows(const Objective& objective, const State& samples, int64_t groups);

}  // namespace steer
