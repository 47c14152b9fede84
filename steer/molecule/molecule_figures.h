// What many molecules are like, by the figures that papers on generating them print.
#pragma once

#include <vector>

#include "steer/molecule/molecule.h"

namespace steer {

// Shares in 0 to 1. Invalid and broken molecules are counted among all.
struct MoleculeFigures {
  double atoms_stable = 0;      // of all atoms (bonds.h)
  double molecules_stable = 0;  // all of whose atoms are
  double valid = 0;             // whose largest fragment is_valid
  double connected = 0;         // of one fragment alone
  double unique = 0;      // different canonical texts of the largest fragments of valid ones, of the valid
  double novel = 0;       // of these different ones, those that `known` does not have
  double mean_atoms = 0;  // in a molecule
};

// Figures of molecules with bonds; `known` holds molecules with bonds that were there before, of which the
// largest fragments' canonical texts are taken.
MoleculeFigures molecule_figures(const std::vector<Molecule>& molecules, const std::vector<Molecule>& known);

}  // namespace steer
