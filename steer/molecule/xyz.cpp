#include "steer/molecule/xyz.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/molecule/elements.h"
#include "steer/molecule/molecule_files.h"

namespace steer {
namespace {

constexpr char kXyzUsual[] = "species:S:1:pos:R:3";
constexpr std::string_view kXyzBlanks = " \t";

// Which columns the atoms of a frame have, counted from 0.
struct XyzColumns {
  size_t element = 0, position = 1, least = 4;  // `least`: how many there are, or more
  bool extended = false;
};

// A part of a text.
struct XyzPart {
  size_t begin = 0, length = 0;
};

// The mark that ends what `mark` begins; 0 where it begins nothing.
char xyz_closing(char mark) {
  if (mark == '"' || mark == '\'') return mark;
  return mark == '{' ? '}' : mark == '[' ? ']' : 0;
}

// The value that begins at `at`: without its quotes or brackets, which go to the end where nothing ends them,
// or up to the next blank.
XyzPart xyz_value(std::string_view title, size_t at) {
  const char closing = at < title.size() ? xyz_closing(title[at]) : 0;
  if (closing == 0) return {at, std::min(title.find_first_of(kXyzBlanks, at), title.size()) - at};
  size_t end = at + 1;
  while (end < title.size() && title[end] != closing) end += title[end] == '\\' ? 2 : 1;
  return {at + 1, std::min(end, title.size()) - at - 1};
}

bool xyz_is_properties(std::string_view key) {
  constexpr std::string_view kKey = "properties";
  return key.size() == kKey.size() && std::equal(key.begin(), key.end(), kKey.begin(), [](char a, char b) {
           return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b);
         });
}

// Where the value of the title's entry Properties is; of no length where it has none.
XyzPart xyz_properties(std::string_view title) {
  size_t at = title.find_first_not_of(kXyzBlanks);
  while (at < title.size()) {
    const size_t end = std::min(title.find_first_of(" \t=", at), title.size());
    size_t next = end;
    if (end < title.size() && title[end] == '=') {
      const XyzPart value = xyz_value(title, end + 1);
      if (xyz_is_properties(title.substr(at, end - at)) && value.length > 0) return value;
      next = std::max(value.begin + value.length, end + 1);
      if (value.begin > end + 1) ++next;  // the closing mark
    }
    at = next < title.size() ? title.find_first_not_of(kXyzBlanks, next) : next;
  }
  return {};
}

std::vector<std::string_view> xyz_split(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(mark, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

// The columns that an entry Properties lists as name:type:count:...
XyzColumns xyz_listed(std::string_view properties, const MoleculeLines& lines) {
  constexpr char kWhat[] = "Properties=species:S:1:pos:R:3 or the like, with columns name:type:count,";
  constexpr int kMostColumns = 10000;
  const std::vector<std::string_view> parts = xyz_split(properties, ':');
  if (parts.size() % 3 != 0) lines.refuse(kWhat);
  constexpr size_t kNone = std::string_view::npos;
  size_t species = kNone, number = kNone;
  XyzColumns columns{0, kNone, 0, true};
  for (size_t i = 0; i < parts.size(); i += 3) {
    const int count = whole_in(parts[i + 2]).value_or(0);
    const bool element = parts[i] == "species" || parts[i] == "Z", place = parts[i] == "pos";
    if (count < 1 || count > kMostColumns || (element && count != 1) || (place && count != 3))
      lines.refuse(kWhat);
    if (place) columns.position = columns.least;
    if (element) (parts[i] == "Z" ? number : species) = columns.least;
    columns.least += static_cast<size_t>(count);
  }
  columns.element = species != kNone ? species : number;
  if (columns.element == kNone || columns.position == kNone) lines.refuse(kWhat);
  return columns;
}

// The words of a line, where what stands between double quotes is one word.
std::vector<std::string_view> xyz_quoted_words(std::string_view line) {
  std::vector<std::string_view> words;
  for (size_t at = line.find_first_not_of(kXyzBlanks); at < line.size();) {
    const bool quoted = line[at] == '"';
    if (quoted) ++at;
    const size_t end =
        std::min(quoted ? line.find('"', at) : line.find_first_of(kXyzBlanks, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end + 1 < line.size() ? line.find_first_not_of(kXyzBlanks, end + 1) : line.size();
  }
  return words;
}

void xyz_atom(MoleculeLines& lines, const XyzColumns& columns, int count, Molecule& molecule) {
  const std::string_view line =
      lines.more() ? lines.next() : lines.take(joined("atom ", molecule.size() + 1, " of ", count));
  const std::vector<std::string_view> words = columns.extended ? xyz_quoted_words(line) : line_words(line);
  if (words.size() < columns.least)
    lines.refuse(columns.extended ? joined("an atom with ", columns.least, " columns")
                                  : "an atom, its element and x, y and z,");
  molecule.number.push_back(lines.element(words[columns.element]));
  const size_t at = columns.position;
  molecule.position.push_back(
      {lines.coordinate(words[at]), lines.coordinate(words[at + 1]), lines.coordinate(words[at + 2])});
}

Molecule xyz_frame(MoleculeLines& lines) {
  const int count = whole_in(without_blanks(lines.next())).value_or(0);
  if (count < 1) lines.refuse("a number of atoms");
  Molecule molecule;
  molecule.title = std::string(lines.take("a title"));
  const XyzPart properties = xyz_properties(molecule.title);
  XyzColumns columns;
  if (properties.length > 0)
    columns = xyz_listed(std::string_view(molecule.title).substr(properties.begin, properties.length), lines);
  for (int i = 0; i < count; ++i) xyz_atom(lines, columns, count, molecule);
  return molecule;
}

// Passes over frequencies, SMILES and InChI, three lines that begin with one of numbers which is no number of
// atoms.
void xyz_pass_qm9(MoleculeLines& lines) {
  MoleculeLines ahead = lines;
  const std::vector<std::string_view> words = line_words(ahead.next());
  if (words.empty() || (words.size() == 1 && whole_in(words[0]))) return;
  for (const std::string_view word : words)
    if (!decimal_in(word)) return;
  const MoleculeLines first = ahead;
  ahead.next();
  if (ahead.next().find("InChI=") == std::string_view::npos)
    first.refuse("a number of atoms, or QM9's three lines of frequencies, SMILES and InChI,");
  lines = ahead;
}

std::string xyz_title(const Molecule& molecule) {
  std::string title = one_line_title(molecule.title);
  const XyzPart properties = xyz_properties(title);
  if (properties.length > 0) title.replace(properties.begin, properties.length, kXyzUsual);
  return title;
}

}  // namespace

std::vector<Molecule> molecules_from_xyz(std::string_view bytes, const std::string& name) {
  std::vector<Molecule> molecules;
  MoleculeLines lines(bytes, name);
  for (lines.pass_blank(); lines.more(); lines.pass_blank()) {
    molecules.push_back(xyz_frame(lines));
    xyz_pass_qm9(lines);
  }
  STEER_CHECK(!molecules.empty(), "[read] ", name, ": expected at least one molecule but got none");
  return molecules;
}

std::string xyz_text(const std::vector<Molecule>& molecules) {
  constexpr int kDigits = 6;
  constexpr size_t kWidth = 14;
  check_written(molecules, "xyz_text");
  std::string text;
  for (const Molecule& molecule : molecules) {
    text += std::to_string(molecule.size()) + "\n" + xyz_title(molecule) + "\n";
    for (size_t i = 0; i < molecule.number.size(); ++i) {
      std::string line(element_symbol(molecule.number[i]));
      line.resize(2, ' ');
      for (const double x : molecule.position[i]) line += " " + right_aligned(fixed_text(x, kDigits), kWidth);
      text += line + "\n";
    }
  }
  return text;
}

}  // namespace steer
