#include "steer/molecule/pdb.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <unordered_map>
#include <utility>

#include "steer/core/check.h"
#include "steer/molecule/elements.h"
#include "steer/molecule/molecule_files.h"

namespace steer {
namespace {

constexpr size_t kMostPdbPartners = 24;
constexpr int kMostPdbAtoms = 99999, kMostPdbCharge = 9;
constexpr size_t kPdbTitleWidth = 70;

// For each serial, as it is written, those that CONECT binds it to, and how often it says so.
using PdbLinks = std::unordered_map<std::string_view, std::map<std::string_view, int>>;

// A molecule in the making.
struct PdbModel {
  Molecule molecule;
  std::unordered_map<std::string_view, int64_t> index;  // of a serial; -1: several atoms have it
  std::map<std::string, char> alternative;              // the location that is taken of an atom
  PdbLinks links;
};

// What stands up to END.
struct PdbGroup {
  std::vector<PdbModel> models;
  PdbLinks links;
  std::string title, compound;
  bool open = false, named = false;  // whether the last model goes on, and is one of MODEL
};

// Columns `first` to `last` of a line, counted from 1 as in the format's description.
std::string_view pdb_columns(std::string_view line, size_t first, size_t last) {
  return first <= line.size() ? line.substr(first - 1, last - first + 1) : std::string_view();
}

bool pdb_is_letter(char letter) {
  return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z');
}

// The element of letters alone; 0 for others.
int pdb_symbol(std::string_view text) {
  return !text.empty() && pdb_is_letter(text[0]) ? atomic_number(text) : 0;
}

// The element by the four columns of a name: its symbol ends in the second, but for hydrogens with names of
// four letters, which begin in the first. Of names that stand elsewhere it is the first letter. 0 if unknown.
int pdb_named_element(std::string_view name) {
  const std::string_view letters = without_blanks(name);
  const bool two = pdb_is_letter(name[0]) && pdb_is_letter(name[1]);
  const bool hydrogen = letters.size() == 4 && pdb_symbol(letters.substr(0, 1)) == 1;
  const int both = two && !hydrogen ? pdb_symbol(name.substr(0, 2)) : 0;
  if (both > 0) return both;
  if (!pdb_is_letter(name[0]) && pdb_is_letter(name[1])) return pdb_symbol(name.substr(1, 1));
  return pdb_symbol(letters.substr(0, 1));
}

// "2+", "+2", "1-" or 0.
std::optional<int> pdb_charge(std::string_view text) {
  if (text.size() == 1) return text[0] == '0' ? std::optional<int>(0) : std::nullopt;
  if (text.size() != 2) return {};
  const bool sign_first = text[0] == '+' || text[0] == '-';
  const char sign = text[sign_first ? 0 : 1], digit = text[sign_first ? 1 : 0];
  if ((sign != '+' && sign != '-') || digit < '0' || digit > '9') return {};
  return sign == '-' ? '0' - digit : digit - '0';
}

void pdb_open(PdbGroup& group, bool named) {
  group.models.emplace_back();
  group.open = true;
  group.named = named;
}

void pdb_close(PdbGroup& group, const MoleculeLines& lines) {
  if (group.open && group.models.back().molecule.number.empty()) lines.refuse("a model with atoms");
  group.open = false;
}

// Whether the atom of this line is another location of one that is there already.
bool pdb_is_other_location(std::string_view line, PdbModel& model) {
  const char location = line[16];
  if (location == ' ') return false;
  const std::string key = std::string(pdb_columns(line, 13, 16)) + std::string(pdb_columns(line, 22, 27));
  return model.alternative.emplace(key, location).first->second != location;
}

void pdb_atom(const MoleculeLines& lines, std::string_view line, PdbModel& model) {
  constexpr size_t kLeast = 47;  // z has at least a digit
  if (line.size() < kLeast) lines.refuse("x, y and z in columns 31 to 54");
  if (pdb_is_other_location(line, model)) return;
  Molecule& molecule = model.molecule;
  std::array<double, 3> position{};
  for (size_t axis = 0; axis < 3; ++axis)
    position[axis] = lines.coordinate(without_blanks(pdb_columns(line, 31 + 8 * axis, 38 + 8 * axis)));
  const int told = pdb_symbol(without_blanks(pdb_columns(line, 77, 78)));
  const int number = told > 0 ? told : pdb_named_element(pdb_columns(line, 13, 16));
  if (number == 0) lines.refuse("an element in columns 77 and 78 or in the name of the atom");
  const std::string_view charge = told > 0 ? without_blanks(pdb_columns(line, 79, 80)) : std::string_view();
  if (!charge.empty()) {
    const std::optional<int> value = pdb_charge(charge);
    if (!value) lines.refuse("a charge like 1+ in columns 79 and 80");
    molecule.charge.resize(molecule.number.size(), 0);
    molecule.charge.push_back(*value);
  } else if (!molecule.charge.empty()) {
    molecule.charge.push_back(0);
  }
  const auto [at, added] = model.index.emplace(without_blanks(pdb_columns(line, 7, 11)), molecule.size());
  if (!added) at->second = -1;
  molecule.number.push_back(number);
  molecule.position.push_back(position);
}

void pdb_link(const MoleculeLines& lines, std::string_view line, PdbLinks& links) {
  const std::string_view from = without_blanks(pdb_columns(line, 7, 11));
  if (from.empty()) lines.refuse("the number of an atom in columns 7 to 11");
  auto& partners = links[from];
  for (size_t first = 12; first <= 27; first += 5) {
    const std::string_view to = without_blanks(pdb_columns(line, first, first + 4));
    if (to.empty()) continue;
    if (to == from) lines.refuse("a bond between two atoms");
    if (++partners[to] > 3) lines.refuse("bonds that are at most triple");
  }
  if (partners.size() > kMostPdbPartners) lines.refuse("at most 24 bonds of an atom");
}

// Gives the model its bonds among `links`.
void pdb_bind(const PdbModel& model, const PdbLinks& links, std::string_view name,
              std::map<std::pair<int64_t, int64_t>, int>& orders) {
  for (const auto& [serial, atom] : model.index) {
    const auto from = links.find(serial);
    if (from == links.end()) continue;
    for (const auto& [other, times] : from->second) {
      const auto to = model.index.find(other);
      if (to == model.index.end()) continue;
      STEER_CHECK(atom >= 0 && to->second >= 0, "[read] ", name, ": expected CONECT of atoms with a number ",
                  "of their own but got ", atom < 0 ? serial : other, ", which several have");
      int& order = orders[std::minmax(atom, to->second)];
      order = std::max(order, times);
    }
  }
}

void pdb_title(std::string_view line, std::string& title) {
  const std::string_view text = pdb_columns(line, 11, 10 + kPdbTitleWidth);
  const size_t last = text.find_last_not_of(" \t\r");
  if (last != text.npos) title += text.substr(0, last + 1);
}

// Hands the molecules up to END over and begins anew.
void pdb_finish(PdbGroup& group, const MoleculeLines& lines, std::vector<Molecule>& molecules) {
  if (group.open && group.named) lines.refuse("ENDMDL before the end");
  pdb_close(group, lines);
  for (PdbModel& model : group.models) {
    std::map<std::pair<int64_t, int64_t>, int> orders;
    pdb_bind(model, group.links, lines.name(), orders);
    pdb_bind(model, model.links, lines.name(), orders);
    for (const auto& [pair, order] : orders) model.molecule.bonds.push_back({pair.first, pair.second, order});
    if (model.molecule.title.empty())
      model.molecule.title = group.title.empty() ? group.compound : group.title;
    model.molecule.title = std::string(without_blanks(model.molecule.title));
    molecules.push_back(std::move(model.molecule));
  }
  group = {};
}

void pdb_record(const MoleculeLines& lines, std::string_view line, PdbGroup& group) {
  const std::string_view kind = without_blanks(pdb_columns(line, 1, 6));
  const bool in_model = group.open && group.named;
  if (kind == "ATOM" || kind == "HETATM") {
    if (!group.open) pdb_open(group, false);
    pdb_atom(lines, line, group.models.back());
  } else if (kind == "MODEL") {
    if (in_model) lines.refuse("ENDMDL before another MODEL");
    pdb_close(group, lines);
    pdb_open(group, true);
  } else if (kind == "ENDMDL") {
    pdb_close(group, lines);
  } else if (kind == "CONECT") {
    pdb_link(lines, line, in_model ? group.models.back().links : group.links);
  } else if (kind == "TITLE") {
    pdb_title(line, in_model ? group.models.back().molecule.title : group.title);
  } else if (kind == "COMPND" && group.compound.empty() && line.find("MOL_ID") == line.npos) {
    pdb_title(line, group.compound);
  }
}

std::string pdb_number(double value) {
  constexpr size_t kWidth = 8;
  const std::string text = fixed_text(value, 3);
  STEER_CHECK(text.size() <= kWidth,
              "[pdb_text] expected coordinates from -999.999 to 9999.999 Angstrom but got ", text);
  return right_aligned(text, kWidth);
}

// The name's four columns: the symbol ends in the second, behind it the count of this element as far as it
// fits.
std::string pdb_name(const std::string& symbol, int count) {
  const std::string numbered = symbol + std::to_string(count);
  std::string name = numbered.size() <= 4 ? numbered : symbol;
  if (symbol.size() == 1 && name.size() < 4) name = " " + name;
  name.resize(4, ' ');
  return name;
}

std::string pdb_atoms_text(const Molecule& molecule) {
  std::string text;
  std::array<int, kLastElement + 1> counts{};
  for (size_t i = 0; i < molecule.number.size(); ++i) {
    const int number = molecule.number[i], charge = molecule.charge.empty() ? 0 : molecule.charge[i];
    STEER_CHECK(std::abs(charge) <= kMostPdbCharge, "[pdb_text] expected charges from -9 to 9 but got ",
                charge);
    std::string symbol(element_symbol(number));
    if (symbol.size() == 2) symbol[1] = static_cast<char>(symbol[1] - 'a' + 'A');
    text += "HETATM" + right_aligned(std::to_string(i + 1), 5) + " " +
            pdb_name(symbol, ++counts[static_cast<size_t>(number)]) + " UNL A   1    ";
    for (const double x : molecule.position[i]) text += pdb_number(x);
    text += "  1.00  0.00          " + right_aligned(symbol, 2);
    if (charge != 0) text += std::to_string(std::abs(charge)) + (charge > 0 ? "+" : "-");
    text += "\n";
  }
  return text;
}

// CONECT of every bond from both sides, four to a line.
std::string pdb_links_text(const Molecule& molecule) {
  std::vector<std::vector<int64_t>> partners(molecule.number.size());
  std::vector<size_t> bonds(molecule.number.size());
  for (const Bond& bond : molecule.bonds)
    for (const auto& [from, to] : {std::pair(bond.a, bond.b), std::pair(bond.b, bond.a)}) {
      auto& list = partners[static_cast<size_t>(from)];
      list.insert(list.end(), static_cast<size_t>(bond.order), to);
      STEER_CHECK(++bonds[static_cast<size_t>(from)] <= kMostPdbPartners,
                  "[pdb_text] expected at most 24 bonds of an atom but got more of atom ", from + 1);
    }
  std::string text;
  for (size_t i = 0; i < partners.size(); ++i)
    for (size_t k = 0; k < partners[i].size(); ++k) {
      if (k % 4 == 0) text += (k ? "\nCONECT" : "CONECT") + right_aligned(std::to_string(i + 1), 5);
      text += right_aligned(std::to_string(partners[i][k] + 1), 5);
      if (k + 1 == partners[i].size()) text += "\n";
    }
  return text;
}

// TITLE and its continuations, which begin with what follows the last character that is no blank.
std::string pdb_title_text(const std::string& whole) {
  std::string_view left = without_blanks(whole);
  std::string text;
  for (int line = 1; !left.empty(); ++line) {
    size_t length = std::min(left.size(), kPdbTitleWidth);
    while (length < left.size() && length > 1 && left[length - 1] == ' ') --length;
    text += "TITLE   " + (line > 1 && line < 100 ? right_aligned(std::to_string(line), 2) : "  ") +
            std::string(left.substr(0, length)) + "\n";
    left.remove_prefix(length);
  }
  return text;
}

}  // namespace

std::vector<Molecule> molecules_from_pdb(std::string_view bytes, const std::string& name) {
  std::vector<Molecule> molecules;
  PdbGroup group;
  MoleculeLines lines(bytes, name);
  while (lines.more()) {
    const std::string_view line = lines.next();
    if (without_blanks(pdb_columns(line, 1, 6)) == "END")
      pdb_finish(group, lines, molecules);
    else
      pdb_record(lines, line, group);
  }
  pdb_finish(group, lines, molecules);
  STEER_CHECK(!molecules.empty(), "[read] ", name, ": expected at least one molecule but got none");
  return molecules;
}

std::string pdb_text(const std::vector<Molecule>& molecules) {
  check_written(molecules, "pdb_text");
  std::string text;
  for (size_t i = 0; i < molecules.size(); ++i) {
    const Molecule& molecule = molecules[i];
    STEER_CHECK(molecule.size() <= kMostPdbAtoms, "[pdb_text] expected at most 99999 atoms but got ",
                molecule.size());
    const bool several = molecules.size() > 1;
    if (several) text += "MODEL     " + right_aligned(std::to_string(i + 1), 4) + "\n";
    text +=
        pdb_title_text(one_line_title(molecule.title)) + pdb_atoms_text(molecule) + pdb_links_text(molecule);
    if (several) text += "ENDMDL\n";
  }
  return text + "END\n";
}

}  // namespace steer
