// What makes two molecules the same, as a string: for counting how many of a set differ and how many are new.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "steer/molecule/molecule.h"

namespace steer {

// A string that two molecules share exactly when some renumbering of the atoms makes one of the other:
// elements, formal charges (0 where not told) and bonds with their orders are compared, positions and titles
// are not. Bonds count as they are written: the two ways to alternate the bonds of o-xylene's ring differ.
// Whatever hangs on a ring, hydrogens first, is written into the atom that bears it, "CH3", "CH(=O)"; atoms
// of rings, or the two in the middle of a chain, are listed with the bonds between them,
// "[CH*6;0-4,0=5,1=2,1-3,2-5,3=4]"; parts that are not connected are joined by dots. The text is no SMILES
// and other versions may write it otherwise. The way is that of McKay and Piperno 2014 ("Practical graph
// isomorphism, II"): refinement of colours, atoms singled out in turn, the least of all lists of bonds,
// branches left out that a symmetry makes alike. Error as check_molecule, and for a molecule so large and so
// symmetric that this would take more than some seconds, as 900 atoms do that are all bound to all.
std::string canonical_text(const Molecule& molecule);

// The formula in Hill's order: C, then H, then other elements by the alphabet, or all by the alphabet where
// there is no C: "C2H6O", "H2O", "CH4", "" for no atoms. Charges are not written. Atomic numbers that are not
// 1 to 118 are written as "(0)", before all letters.
std::string formula(const Molecule& molecule);

// How many different strings there are: of the canonical texts of a set, its unique molecules.
int64_t different(const std::vector<std::string>& texts);

}  // namespace steer
