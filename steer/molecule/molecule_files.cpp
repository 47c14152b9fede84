#include "steer/molecule/molecule_files.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/molecule/bonds.h"
#include "steer/molecule/elements.h"
#include "steer/molecule/pdb.h"
#include "steer/molecule/sdf.h"
#include "steer/molecule/xyz.h"

namespace steer {
namespace {

// The most bytes of a line or word that an error shows.
constexpr size_t kShownBytes = 60;

constexpr std::string_view kLineBlanks = " \t\r";

enum class MoleculeFormat { kXyz, kSdf, kMol, kPdb, kOther };

MoleculeFormat molecule_format(std::string_view name) {
  const std::string ending = file_ending(name);
  if (ending == ".xyz" || ending == ".extxyz") return MoleculeFormat::kXyz;
  if (ending == ".sdf") return MoleculeFormat::kSdf;
  if (ending == ".mol") return MoleculeFormat::kMol;
  if (ending == ".pdb") return MoleculeFormat::kPdb;
  return MoleculeFormat::kOther;
}

// One MOL file: an SDF of one molecule without the line that ends it.
std::string mol_file_text(const std::vector<Molecule>& molecules) {
  STEER_CHECK(molecules.size() == 1, "[mol] expected one molecule for a .mol but got ", molecules.size());
  const std::string text = sdf_text(molecules);
  return text.substr(0, text.rfind("$$$$"));
}

}  // namespace

bool is_molecule_name(std::string_view name) {
  return molecule_format(name) != MoleculeFormat::kOther;
}

std::vector<Molecule> read_molecules(const std::string& path) {
  STEER_CHECK(is_molecule_name(path), "[read] ", path,
              ": expected a file of molecules, .xyz, .extxyz, .sdf, .mol or .pdb");
  const std::string bytes = read_file(path);
  const MoleculeFormat format = molecule_format(path);
  if (format == MoleculeFormat::kXyz) return molecules_from_xyz(bytes, path);
  if (format == MoleculeFormat::kPdb) return molecules_from_pdb(bytes, path);
  return molecules_from_sdf(bytes, path);
}

std::string molecule_text(const std::string& path_or_ending, const std::vector<Molecule>& molecules) {
  switch (molecule_format(path_or_ending)) {
    case MoleculeFormat::kXyz:
      return xyz_text(molecules);
    case MoleculeFormat::kSdf:
      return sdf_text(molecules);
    case MoleculeFormat::kMol:
      return mol_file_text(molecules);
    case MoleculeFormat::kPdb:
      return pdb_text(molecules);
    case MoleculeFormat::kOther:
      break;
  }
  fail("[write] ", path_or_ending, ": expected a name of molecules, .xyz, .extxyz, .sdf, .mol or .pdb");
}

MoleculeLines::MoleculeLines(std::string_view bytes, std::string_view name) : bytes_(bytes), name_(name) {
  if (bytes_.substr(0, 3) == "\xEF\xBB\xBF") at_ = 3;
}

std::string_view MoleculeLines::next() {
  if (!more()) return line_ = {};
  const size_t end = std::min(bytes_.find('\n', at_), bytes_.size());
  line_ = bytes_.substr(at_, end - at_);
  if (!line_.empty() && line_.back() == '\r') line_.remove_suffix(1);
  at_ = end + 1;
  ++number_;
  return line_;
}

std::string_view MoleculeLines::take(std::string_view what) {
  STEER_CHECK(more(), "[read] ", name_, ": line ", number_ + 1, ": expected ", what, " but the file ends");
  return next();
}

void MoleculeLines::pass_blank() {
  for (MoleculeLines ahead = *this; ahead.more() && without_blanks(ahead.next()).empty();) *this = ahead;
}

void MoleculeLines::refuse(std::string_view what) const {
  fail("[read] ", name_, ": line ", number_, ": expected ", what, " but got \"", line_.substr(0, kShownBytes),
       "\"");
}

double MoleculeLines::coordinate(std::string_view field) const {
  const std::optional<double> value = decimal_in(field);
  STEER_CHECK(value && std::abs(*value) <= kMostCoordinate, "[read] ", name_, ": line ", number_,
              ": expected a coordinate of at most 1000000 Angstrom but got \"", field.substr(0, kShownBytes),
              "\"");
  return *value;
}

int MoleculeLines::element(std::string_view field) const {
  const int number = atomic_number(field);
  STEER_CHECK(number > 0, "[read] ", name_, ": line ", number_, ": expected an element but got \"",
              field.substr(0, kShownBytes), "\"");
  return number;
}

std::string_view without_blanks(std::string_view text) {
  const size_t first = text.find_first_not_of(kLineBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kLineBlanks) - first + 1);
}

std::vector<std::string_view> line_words(std::string_view line) {
  std::vector<std::string_view> words;
  for (size_t at = line.find_first_not_of(kLineBlanks); at != line.npos;) {
    const size_t end = std::min(line.find_first_of(kLineBlanks, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(kLineBlanks, end);
  }
  return words;
}

std::optional<double> decimal_in(std::string_view word) {
  // No number needs more digits; longer words are not copied.
  constexpr size_t kMostDigits = 400;
  if (word.substr(0, 1) == "+") {
    word.remove_prefix(1);
    if (word.substr(0, 1) == "-") return {};
  }
  if (word.size() > kMostDigits) return {};
  std::string plain(word);
  const size_t power = plain.find("*^"), letter = plain.find_first_of("dD");
  if (power != plain.npos)
    plain.replace(power, 2, "e");
  else if (letter != plain.npos)
    plain[letter] = 'e';
  double value = 0;
  const char* end = plain.data() + plain.size();
  const std::from_chars_result read = std::from_chars(plain.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || !std::isfinite(value)) return {};
  return value;
}

std::optional<int> whole_in(std::string_view word) {
  constexpr size_t kMostDigits = 9;
  const size_t sign = !word.empty() && (word[0] == '+' || word[0] == '-') ? 1 : 0;
  if (word.size() == sign || word.size() > sign + kMostDigits) return {};
  int value = 0;
  for (const char digit : word.substr(sign)) {
    if (digit < '0' || digit > '9') return {};
    value = 10 * value + (digit - '0');
  }
  return word[0] == '-' ? -value : value;
}

void check_written(const std::vector<Molecule>& molecules, const std::string& what) {
  for (size_t i = 0; i < molecules.size(); ++i) {
    const Molecule& molecule = molecules[i];
    const std::string where = joined("[", what, "] molecule ", i + 1);
    check_molecule(molecule, where);
    STEER_CHECK(molecule.size() > 0, where, ": expected atoms but got none");
    for (const int number : molecule.number)
      STEER_CHECK(number >= 1 && number <= kLastElement, where, ": expected atomic numbers from 1 to ",
                  kLastElement, " but got ", number);
    for (const auto& position : molecule.position)
      for (const double x : position)
        STEER_CHECK(std::abs(x) <= kMostCoordinate, where,
                    ": expected coordinates of at most 1000000 Angstrom but got ", x);
  }
}

std::string one_line_title(const std::string& title) {
  std::string line = title;
  for (char& letter : line)
    if (letter == '\n' || letter == '\r') letter = ' ';
  return line;
}

std::string fixed_text(double value, int digits) {
  char text[400];
  const std::to_chars_result written =
      std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, digits);
  STEER_CHECK(written.ec == std::errc(), "[fixed_text] expected fewer digits but got ", digits);
  const std::string_view all(text, static_cast<size_t>(written.ptr - text));
  const bool minus_zero = all[0] == '-' && all.find_first_not_of("-0.") == all.npos;
  return std::string(all.substr(minus_zero ? 1 : 0));
}

std::string right_aligned(std::string_view text, size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + std::string(text);
}

}  // namespace steer
