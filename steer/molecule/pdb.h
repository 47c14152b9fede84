// Molecules as the Protein Data Bank's files have them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "steer/molecule/molecule.h"

namespace steer {

// The molecules of a PDB file ("PDB File Format, version 3.30"), at least one: one for each MODEL to ENDMDL,
// and one for atoms outside of any, up to END. From ATOM and HETATM come the place, the element (columns 77
// and 78, or else by the columns of the atom's name) and the charge (columns 79 and 80, "2+"; 0 for atoms
// without where any has one; none told where none has); of alternate locations of an atom the first is taken.
// CONECT gives bonds, double or triple where it names a pair two or three times from one side; within a MODEL
// these are that model's, outside they are all models'; atoms that are not there are passed over. The title
// is that of TITLE, or else of COMPND. Other records are passed over. `name` stands in errors. Error, with
// the line, for anything else, for models without atoms or end, and for coordinates above kMostCoordinate
// (molecule_files.h).
std::vector<Molecule> molecules_from_pdb(std::string_view bytes, const std::string& name);

// The molecules as a PDB file: TITLE, HETATM of residue UNL with 3 digits behind the point, CONECT; of
// several each is a MODEL with title and bonds of its own. Line breaks in titles become blanks. Error as
// check_written (molecule_files.h), above 99999 atoms or 24 bonds of one atom, for coordinates outside
// -999.999 to 9999.999 and charges outside -9 to 9.
std::string pdb_text(const std::vector<Molecule>& molecules);

}  // namespace steer
