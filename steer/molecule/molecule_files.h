// Molecules in files, by the ending of a name, and what the readers and writers of these formats share.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "steer/molecule/molecule.h"

namespace steer {

// Whether a file of this name is taken for molecules: it ends in .xyz, .extxyz, .sdf, .mol or .pdb, in any
// case.
bool is_molecule_name(std::string_view name);

// The molecules of a file, at least one, by the reader for its ending (xyz.h, sdf.h, pdb.h). Error for
// another ending and as the reader's.
std::vector<Molecule> read_molecules(const std::string& path);

// The text of a file of that name, or with that ending (".sdf"), that holds the molecules: xyz_text, sdf_text
// or pdb_text. A .mol holds exactly one. Error for another ending and as the writer's.
std::string molecule_text(const std::string& path_or_ending, const std::vector<Molecule>& molecules);

// The farthest from 0, in Angstrom, that a coordinate may be in a file.
constexpr double kMostCoordinate = 1e6;

// The lines of a text, one after the other. Cheap to copy: a copy looks ahead.
class MoleculeLines {
 public:
  // `name` stands in errors. Both texts must outlive this. A byte order mark at the beginning is passed over.
  MoleculeLines(std::string_view bytes, std::string_view name);

  // Whether there is a line after this one.
  bool more() const { return at_ < bytes_.size(); }
  // The next line, without LF or CR LF; empty where there is none.
  std::string_view next();
  // The next line. Error that expects `what` where there is none.
  std::string_view take(std::string_view what);
  // Passes over lines of nothing but blanks.
  void pass_blank();

  // Error "[read] NAME: line 7: expected WHAT but got "LINE"", of the line that was given last.
  [[noreturn]] void refuse(std::string_view what) const;
  // The number in `field`, a coordinate in Angstrom. Error unless it is finite and at most kMostCoordinate
  // from 0.
  double coordinate(std::string_view field) const;
  // The element in `field`. Error unless atomic_number knows it.
  int element(std::string_view field) const;

  // The number of the line that was given last, from 1, and the name.
  int64_t number() const { return number_; }
  std::string_view name() const { return name_; }

 private:
  std::string_view bytes_, name_, line_;
  size_t at_ = 0;
  int64_t number_ = 0;
};

// A text without the blanks, tabs and carriage returns around it.
std::string_view without_blanks(std::string_view text);

// The words of a line, which blanks and tabs part.
std::vector<std::string_view> line_words(std::string_view line);

// The finite number that is all of `word`: also as Fortran (1.0D-06) and Mathematica (1.0*^-6) print it.
std::optional<double> decimal_in(std::string_view word);

// The whole number of at most 9 digits that is all of `word`.
std::optional<int> whole_in(std::string_view word);

// Error that begins with "[WHAT] molecule 3" unless each molecule can be written: check_molecule (bonds.h)
// holds, there are atoms, of known elements, and coordinates are finite and at most kMostCoordinate from 0.
void check_written(const std::vector<Molecule>& molecules, const std::string& what);

// A title on one line: line breaks become blanks.
std::string one_line_title(const std::string& title);

// The number with so many digits behind the point, whatever the locale; never "-0.000".
std::string fixed_text(double value, int digits);

// The text behind as many blanks as make it `width` bytes long.
std::string right_aligned(std::string_view text, size_t width);

}  // namespace steer
