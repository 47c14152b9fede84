// The space of molecules, and molecules as samples of it.
#pragma once

#include <string>
#include <vector>

#include "steer/core/space.h"
#include "steer/core/state.h"
#include "steer/molecule/molecule.h"

namespace steer {

// Molecules of at most `atoms` atoms of these elements ("HCNOF"): at each place x, y, z in Angstrom, then a
// type for each element, 1 for an atom's own and 0 else. Empty places hold zeros, the mean position is 0.
Space molecule_space(int64_t atoms, const std::string& elements);

// The atomic numbers of a space's types, in their order. Error for another kind of space.
std::vector<int> element_numbers(const Space& space);

// Molecules as samples x [N, A, 3 + types] float32 with mask [N, A], each shifted so that its mean is 0.
// Error, which begins with `what`, for a molecule of no atoms or too many, of other elements, with a
// charge in all, or whose positions are not finite.
State as_samples(const Space& space, const std::vector<Molecule>& molecules, const std::string& what);

// Samples as molecules, without bonds: each filled place is an atom of the element whose type is largest.
std::vector<Molecule> as_molecules(const Space& space, const State& samples);

// The same with the bonds that distances tell (bonds.h).
std::vector<Molecule> bonded_molecules(const Space& space, const State& samples);

// The molecule without hydrogens; bonds and charges of the others stay.
Molecule without_hydrogens(const Molecule& molecule);

// Which places of samples are filled: the mask, or where there is none whatever is not all zeros.
Tensor places_of(const State& samples);

}  // namespace steer
