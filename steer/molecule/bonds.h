// Who is bound to whom by how far atoms are apart, and whether the valences of a molecule are those that
// chemistry knows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "steer/molecule/molecule.h"

namespace steer {

// Error that begins with `what` unless the molecule has a position for every atom, no or as many charges,
// and bonds of order 1 to 3 between two different atoms of its own, a before b and no pair twice.
void check_molecule(const Molecule& molecule, const std::string& what);

// How often two elements, given by atomic number, are bound at this distance in Angstrom: with the usual
// lengths in picometres of the table in bonds.cpp, 1 below single + 10, 2 if also below double + 5, 3 if also
// below triple + 3, else 0. 0 for pairs that the table lacks. The rule and the lengths of H, C, N, O and F
// are those of Hoogeboom et al. 2022 ("Equivariant Diffusion for Molecule Generation in 3D", EDM); their
// code's lengths of B, Si, P, S, Cl, As, Br and I are taken for both orders of a pair.
int bond_order(int number_a, int number_b, double distance);

// All pairs of bound atoms by that rule, in rising order of (a, b). Bonds that the molecule has are ignored.
// Atoms whose position is not finite are bound to none. Error as check_molecule.
std::vector<Bond> bonds_by_distance(const Molecule& molecule);

// How many atoms have their usual valence.
struct Stability {
  int64_t atoms = 0;         // of the molecule
  int64_t stable_atoms = 0;  // those of them that are
  bool molecule = false;     // all atoms are stable, and there is at least one
};

// The stability of EDM: an atom is stable when the orders of its bonds by distance add up to a usual valence
// of its element. These are H 1, B 3, C 4, N 3, O 2, F 1, Si 4, P 3 or 5, S 2, 4 or 6, Cl 1, As 3, Br 1 and
// I 1 (EDM's own, but for S, where it has 4 alone); atoms of other elements are not stable. Charges and bonds
// that the molecule has are ignored. Since the lengths know no aromatic bonds, a benzene ring with all sides
// alike (1.39 Angstrom) is not stable, and one whose sides alternate is. Error as check_molecule.
Stability stability(const Molecule& molecule);

// For each atom the connected part it belongs to: parts are numbered from 0 in the order of their first
// atoms. Error for a bond outside the molecule.
std::vector<int64_t> fragment_of(const Molecule& molecule, const std::vector<Bond>& bonds);

// The connected part, by the bonds that the molecule has, of most atoms, in their order and with its bonds
// and charges; of several of one size that with the first atom. Error as check_molecule.
Molecule largest_fragment(const Molecule& molecule);

// Whether no atom of the largest fragment has more bonds, by the orders that the molecule has, than its
// element can have. The rule is what RDKit's sanitisation asks of valences:
//   1. The most bonds are H 1, B 3, C 4, N 3, O 2, F 1, Al 3, Si 4, P 5, S 6, Cl 1, Ga 3, Ge 4, As 5, Se 6,
//      Br 1, Sn 4, Sb 5, Te 6, I 5, Xe 6, He, Ne, Ar and Kr 0. Elements that are not listed have no limit.
//   2. An atom with a charge has the limit of the element with as many electrons, number - charge: N+ 4,
//      O+ 3, O- 1, C- 3, B- 4, H+ 0. There, too, what is not listed has no limit.
//   3. Where no charges are told, all are 0, but for two ways of writing that RDKit puts right: of a nitrogen
//      with five bonds, one double bond to an oxygen becomes N+ and O- (nitro groups), or else one triple
//      bond to a nitrogen becomes N+ = N- (azides, diazo compounds); these atoms are then judged by rule 2.
// Fewer bonds (radicals) are valid; an empty molecule is not. RDKit's other refusals do not arise here:
// orders are whole, so no aromatic ring is left without alternating bonds. Error as check_molecule.
bool is_valid(const Molecule& molecule);

}  // namespace steer
