// Molecules as XYZ files, the plain and the extended kind, have them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "steer/molecule/molecule.h"

namespace steer {

// The molecules of an XYZ file, one for each frame, at least one. A frame is a line with the number of atoms,
// a line with the title, and a line for each atom: its element, by symbol in any case or by number, and x, y
// and z in Angstrom; what follows on the line is passed over. In an extended frame the title has an entry
// such as Properties=species:S:1:pos:R:3 that says which columns the atoms have (species or Z, and pos;
// others are passed over, and so are the title's other entries, such as Lattice="..."). The title stays as it
// is. The three lines that QM9's files have after the atoms (frequencies, SMILES, InChI), and empty lines
// between frames, are passed over. Charges and bonds are not told. `name` stands in errors. Error, with the
// line, for anything else, for cut-off frames, and for coordinates above kMostCoordinate (molecule_files.h).
std::vector<Molecule> molecules_from_xyz(std::string_view bytes, const std::string& name);

// The molecules as plain XYZ with 6 digits behind the point, without bonds and charges; line breaks in titles
// become blanks. Of a title that would make the frame extended, the entry Properties becomes
// species:S:1:pos:R:3, so that molecules_from_xyz reads what is printed. Error as check_written
// (molecule_files.h).
std::string xyz_text(const std::vector<Molecule>& molecules);

}  // namespace steer
