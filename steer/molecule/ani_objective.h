// Molecules that an ANI potential finds stable, as an objective.
#pragma once

#include <memory>
#include <string>

#include "steer/core/space.h"
#include "steer/molecule/ani.h"
#include "steer/objectives/objective.h"

namespace steer {

// What is wanted of a molecule's energy.
struct AniWish {
  bool force = false;  // small forces instead of a low energy
  double cost = 50;    // minus the score of molecules that the potential cannot judge, at least 0
  double caution = 0;  // standard deviations of the ensemble that are added to the energy, at least 0
};

// -(E - sum of self energies + caution deviations) / atoms in eV (AniEnergies), or with `force` minus the
// largest force at an atom in eV/Angstrom: higher is better, 0 at the most with `force`. Far from all that
// its networks learned from, ANI-2x finds atoms on top of one another bound by hundreds of eV each, and its
// networks disagree by as much: a caution of 3 puts such molecules below true ones, whose energy it raises by
// 0.01 eV an atom. Each atom is of the element whose type is largest, so that the gradient is in the
// positions alone. Molecules without atoms or with elements that the potential does not know score -cost,
// without a gradient. No scores in nats. Error where the potential knows no element of the space; `words` is
// what words() gives.
std::unique_ptr<Objective> ani_objective(const Space& space, const Ani& ani, const AniWish& wish,
                                         std::string words);

}  // namespace steer
