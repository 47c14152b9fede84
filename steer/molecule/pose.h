// Molecules for networks that know no symmetry: turned alike, and read from numbers that are never exactly 0.
#pragma once

#include "steer/core/space.h"
#include "steer/core/state.h"

namespace steer {

// Molecules x [N, A, 3 + types], empty places all zero, each turned to its principal axes: the direction of
// greatest extent is x, that of least extent z; the third moments along x and y are positive, and z follows,
// so that nothing is mirrored. Turning the input does not change the result, but where two extents are alike.
Tensor posed_molecules(const Tensor& x);

// Numbers x [N, A, 3 + types] as samples: places whose largest type is above a half are filled, others become
// zero; positions get the mean 0. Molecules of no place keep the one with the largest type.
State finished_molecules(const Tensor& x);

}  // namespace steer
