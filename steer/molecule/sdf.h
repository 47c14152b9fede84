// Molecules as MDL's MOL and SD files (version V2000) have them, with bonds and charges.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "steer/molecule/molecule.h"

namespace steer {

// The molecules of a MOL or SD file, at least one: "CTfile Formats", V2000. Records end with $$$$ or the
// file; the title is the first of three lines before the line of counts, some of which may be missing.
// Columns are taken as the format fixes them, or, where they do not hold what they should, as words. An
// atom's charge is that of its line (code 1 to 7, but 4, for 4 - code, else 0), or, if there is a line M  CHG
// or M  RAD, that of M  CHG or 0; without such a line and such codes no charges are told. Hydrogens are those
// written. Aromatic bonds (type 4) become single and double ones (kekule_bonds). Data fields and other
// properties are passed over. `name` stands in errors. Error, with the line, for anything else: V3000, other
// types of bonds, pairs bound twice, no atoms, no M  END, coordinates above kMostCoordinate
// (molecule_files.h).
std::vector<Molecule> molecules_from_sdf(std::string_view bytes, const std::string& name);

// The molecules as an SD file V2000 with 4 digits behind the point; line breaks in titles become blanks, and
// a title that begins with $$$$ stands behind a blank. Error as check_written (molecule_files.h), above 999
// atoms or bonds, for coordinates outside -9999.9999 to 99999.9999 and charges outside -15 to 15.
std::string sdf_text(const std::vector<Molecule>& molecules);

// The order of a bond that is aromatic, in what kekule_bonds takes.
constexpr int kAromaticOrder = 4;

// The bonds of a molecule, some of order kAromaticOrder, with these as single and double ones such that
// valences fit: every atom has at most one double bond among them; neutral carbons, silicons and germaniums
// with a place left (valence 4), positive nitrogens and oxygens with theirs (N+ 4, O+ 3) and B- (4) have
// exactly one; atoms that may as well keep a lone pair or carry a hydrogen that is not written (pyrrole's N
// without its H, charged carbons) have one if it can be had; those without a place (three bonds of N, two of
// O) none. P and As are as N; S, Se and Te as O. Which of several such ways is taken is a function of the
// order of atoms and bonds. A matching of most atoms: Edmonds 1965 ("Paths, trees, and flowers"). `failed` is
// the first atom that needed a double bond in vain, or -1. `charge` has one entry for each atom.
struct KekuleBonds {
  std::vector<Bond> bonds;  // of orders 1 to 3
  int64_t failed = -1;      // the first atom that needed a double bond in vain, or -1
};

// Those of atoms of these numbers and charges, one for each, with such bonds.
KekuleBonds kekule_bonds(const std::vector<int>& number, const std::vector<int>& charge,
                         std::vector<Bond> bonds);

}  // namespace steer
