// Which candidates an expensive objective looks at.
#pragma once

#include "steer/core/space.h"
#include "steer/ddn/candidates.h"
#include "steer/objectives/objective.h"

namespace steer {

// `count` candidates of each row, int64 [B, count]: the best by the linear terms of the objective's sum where
// it has some, each by its weight, else spread_candidates().
Tensor shortlisted(const Objective& objective, const Candidates& candidates, const Space& space,
                   int64_t count);

// `count` candidates of each row that lie far apart: int64 [B, count]. The first is the one nearest to their
// mean, each next the one farthest from those taken (Gonzalez 1985), at up to 8x8 pixels.
Tensor spread_candidates(const Candidates& candidates, int64_t count);

}  // namespace steer
