#include "steer/molecule/sdf.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <utility>

#include "steer/core/check.h"
#include "steer/molecule/elements.h"
#include "steer/molecule/molecule_files.h"

namespace steer {
namespace {

constexpr int kMostSdfAtoms = 999, kMostSdfCharge = 15;
constexpr std::string_view kSdfEnd = "$$$$";

// Columns [begin, end) of a line, without blanks around.
std::string_view sdf_columns(std::string_view line, size_t begin, size_t end) {
  return begin < line.size() ? without_blanks(line.substr(begin, end - begin)) : std::string_view();
}

// The first `Count` whole numbers of a line: in columns of three, or else words.
template <size_t Count>
std::optional<std::array<int, Count>> sdf_numbers(std::string_view line) {
  const std::vector<std::string_view> words = line_words(line);
  for (const bool fixed : {true, false}) {
    std::array<int, Count> numbers{};
    size_t read = 0;
    for (; read < Count; ++read) {
      const std::string_view word = fixed                 ? sdf_columns(line, 3 * read, 3 * read + 3)
                                    : read < words.size() ? words[read]
                                                          : std::string_view();
      const std::optional<int> value = whole_in(word);
      if (!value) break;
      numbers[read] = *value;
    }
    if (read == Count) return numbers;
  }
  return {};
}

// Whether this is a line of counts that names the version.
bool sdf_names_version(std::string_view line, std::string_view version) {
  return line.find(version) != line.npos && line.find(version) >= 3 && sdf_numbers<2>(line);
}

// The counts of atoms and bonds, behind a head of at most three lines whose first is the title.
std::array<int, 2> sdf_head(MoleculeLines& lines, std::string& title) {
  constexpr size_t kHeadLines = 3;
  std::vector<MoleculeLines> ahead;
  std::vector<std::string_view> texts;
  for (MoleculeLines at = lines; texts.size() <= kHeadLines && at.more();) {
    texts.push_back(at.next());
    ahead.push_back(at);
  }
  // The fourth line comes first: a title may look like counts.
  for (const size_t i : {kHeadLines, size_t{0}, size_t{1}, size_t{2}}) {
    if (i >= texts.size()) continue;
    if (sdf_names_version(texts[i], "V3000")) ahead[i].refuse("a table of version V2000");
    if (!sdf_names_version(texts[i], "V2000")) continue;
    if (i > 0) title = std::string(texts[0]);
    lines = ahead[i];
    return *sdf_numbers<2>(texts[i]);
  }
  ahead.back().refuse("a line with counts of atoms and bonds and V2000, the fourth of a molecule,");
}

bool sdf_is_symbol(std::string_view text) {
  return atomic_number(text) > 0 && (text[0] < '0' || text[0] > '9');
}

// An atom's line taken apart.
struct SdfAtomLine {
  std::string_view x, y, z, element, charge;
};

SdfAtomLine sdf_atom_words(std::string_view line) {
  const SdfAtomLine fixed = {sdf_columns(line, 0, 10), sdf_columns(line, 10, 20), sdf_columns(line, 20, 30),
                             sdf_columns(line, 31, 34), sdf_columns(line, 36, 39)};
  if (decimal_in(fixed.x) && decimal_in(fixed.y) && decimal_in(fixed.z) && sdf_is_symbol(fixed.element) &&
      (fixed.charge.empty() || whole_in(fixed.charge)))
    return fixed;
  std::vector<std::string_view> words = line_words(line);
  words.resize(6);
  return {words[0], words[1], words[2], words[3], words[5]};
}

void sdf_atom(MoleculeLines& lines, int count, Molecule& molecule) {
  const std::string_view line =
      lines.more() ? lines.next() : lines.take(joined("atom ", molecule.size() + 1, " of ", count));
  const SdfAtomLine words = sdf_atom_words(line);
  if (words.element.empty()) lines.refuse("an atom, x, y and z and its element,");
  molecule.position.push_back(
      {lines.coordinate(words.x), lines.coordinate(words.y), lines.coordinate(words.z)});
  if (!sdf_is_symbol(words.element)) lines.refuse("an atom with the symbol of an element");
  molecule.number.push_back(atomic_number(words.element));
  const int code = words.charge.empty() ? 0 : whole_in(words.charge).value_or(-1);
  if (code < 0 || code > 7) lines.refuse("an atom with a code of charge from 0 to 7");
  molecule.charge.push_back(code == 0 ? 0 : 4 - code);
}

Bond sdf_bond(MoleculeLines& lines, int count, int64_t atoms, std::set<std::pair<int64_t, int64_t>>& pairs) {
  const std::string_view line =
      lines.more() ? lines.next() : lines.take(joined("bond ", pairs.size() + 1, " of ", count));
  const auto numbers = sdf_numbers<3>(line);
  if (!numbers) lines.refuse("a bond, two atoms and its type,");
  const auto [from, to, type] = *numbers;
  if (std::min(from, to) < 1 || std::max(from, to) > atoms || from == to)
    lines.refuse(joined("a bond between two of ", atoms, " atoms"));
  if (type < 1 || type > kAromaticOrder) lines.refuse("a bond of type 1, 2, 3 or 4");
  const Bond bond{std::min(from, to) - 1, std::max(from, to) - 1, type};
  if (!pairs.emplace(bond.a, bond.b).second) lines.refuse("a bond between atoms that are not bound yet");
  return bond;
}

// The pairs of a line M  CHG: how many, and for each an atom and its charge.
void sdf_charges(const MoleculeLines& lines, std::string_view pairs, std::vector<int>& charge) {
  const std::vector<std::string_view> words = line_words(pairs);
  const int count = words.empty() ? -1 : whole_in(words[0]).value_or(-1);
  if (count < 0 || words.size() < 1 + 2 * static_cast<size_t>(count))
    lines.refuse("M  CHG, a count and as many atoms and charges,");
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    const int atom = whole_in(words[1 + 2 * i]).value_or(0);
    const std::optional<int> value = whole_in(words[2 + 2 * i]);
    if (atom < 1 || atom > static_cast<int>(charge.size()) || !value || std::abs(*value) > kMostSdfCharge)
      lines.refuse(joined("one of ", charge.size(), " atoms and a charge from -15 to 15"));
    charge[static_cast<size_t>(atom - 1)] = *value;
  }
}

// The lines up to M  END; whether they tell charges.
bool sdf_properties(MoleculeLines& lines, std::vector<int>& charge) {
  bool told = false;
  for (;;) {
    const std::string_view line = lines.take("M  END");
    const std::string_view kind = line.substr(0, 6);
    if (kind == "M  END") return told;
    if (line.substr(0, kSdfEnd.size()) == kSdfEnd) lines.refuse("M  END before the end of a molecule");
    if (kind != "M  CHG" && kind != "M  RAD") continue;
    if (!told) std::fill(charge.begin(), charge.end(), 0);
    told = true;
    if (kind == "M  CHG") sdf_charges(lines, line.substr(6), charge);
  }
}

Molecule sdf_record(MoleculeLines& lines) {
  Molecule molecule;
  const auto [atoms, bonds] = sdf_head(lines, molecule.title);
  if (atoms < 1 || atoms > kMostSdfAtoms || bonds < 0)
    lines.refuse("counts of atoms, 1 to 999, and of bonds, 0 to 999,");
  const int64_t counts_line = lines.number();
  for (int i = 0; i < atoms; ++i) sdf_atom(lines, atoms, molecule);
  std::set<std::pair<int64_t, int64_t>> pairs;
  for (int i = 0; i < bonds; ++i) molecule.bonds.push_back(sdf_bond(lines, bonds, atoms, pairs));
  const bool told =
      sdf_properties(lines, molecule.charge) ||
      std::any_of(molecule.charge.begin(), molecule.charge.end(), [](int charge) { return charge != 0; });
  KekuleBonds kekule = kekule_bonds(molecule.number, molecule.charge, std::move(molecule.bonds));
  STEER_CHECK(kekule.failed < 0, "[read] ", lines.name(), ": line ", counts_line + 1 + kekule.failed,
              ": expected aromatic bonds with single and double ones in turn but got an atom ",
              kekule.failed + 1, " (", element_symbol(molecule.number[static_cast<size_t>(kekule.failed)]),
              ") left without its double bond");
  molecule.bonds = std::move(kekule.bonds);
  if (!told) molecule.charge.clear();
  while (lines.more() && lines.next().substr(0, kSdfEnd.size()) != kSdfEnd) continue;
  return molecule;
}

// Whether nothing but blanks is left.
bool sdf_is_over(MoleculeLines lines) {
  lines.pass_blank();
  return !lines.more();
}

// Whether an atom takes one of the double bonds between aromatic atoms.
enum class SdfDouble { kNever, kMay, kMust };

// `orders` is the sum of its bonds, aromatic ones counted once.
SdfDouble sdf_double(int number, int charge, int orders) {
  int valence = 0;
  bool must = charge > 0;
  switch (number) {
    case 6:
    case 14:
    case 32:
      valence = 4 - std::abs(charge);
      must = charge == 0;
      break;
    case 7:
    case 15:
    case 33:
      // N and P with a double bond outside of the ring may have five bonds.
      valence = charge == 0 && orders == 4 ? 5 : 3 + charge;
      break;
    case 8:
    case 16:
    case 34:
    case 52:
      valence = 2 + charge;
      break;
    case 5:
      valence = 3 - charge;
      must = charge < 0;
      break;
    default:
      return SdfDouble::kNever;
  }
  if (valence <= orders) return SdfDouble::kNever;
  return must ? SdfDouble::kMust : SdfDouble::kMay;
}

// A matching in a graph that grows by paths which alternate between matched and other edges. Odd cycles of
// such paths (blossoms) count as their base.
class SdfMatching {
 public:
  SdfMatching(std::vector<std::vector<int>> neighbours, std::vector<SdfDouble> wish)
      : neighbours_(std::move(neighbours)),
        wish_(std::move(wish)),
        mate_(wish_.size(), -1),
        parent_(wish_.size()),
        base_(wish_.size()) {}

  // Matches as many atoms as can be, all that must among them. The first of these that cannot be matched, or
  // -1.
  int match() {
    const int atoms = static_cast<int>(wish_.size());
    for (int atom = 0; atom < atoms; ++atom)
      if (wish(atom) == SdfDouble::kMust && mate(atom) < 0 && !cover(atom, true)) return atom;
    for (int atom = 0; atom < atoms; ++atom)
      if (wish(atom) == SdfDouble::kMay && mate(atom) < 0) cover(atom, false);
    return -1;
  }

  int mate(int atom) const { return mate_[static_cast<size_t>(atom)]; }

 private:
  SdfDouble wish(int atom) const { return wish_[static_cast<size_t>(atom)]; }
  int& parent(int atom) { return parent_[static_cast<size_t>(atom)]; }
  int& base(int atom) { return base_[static_cast<size_t>(atom)]; }

  // Matches `root` as well: along a path to a free atom, or, if `trading`, in the place of one that may go
  // without.
  bool cover(int root, bool trading) {
    search(root);
    if (end_ >= 0) {
      flip(end_);
      return true;
    }
    for (size_t i = 0; trading && i < outer_.size(); ++i) {
      if (!outer_[i] || wish_[i] != SdfDouble::kMay) continue;
      const int inner = mate_[i];
      mate_[i] = -1;
      flip(inner);
      return true;
    }
    return false;
  }

  // Exchanges matched and other edges on the path from the root to `atom`.
  void flip(int atom) {
    while (atom >= 0) {
      const int before = parent(atom), next = mate(before);
      mate_[static_cast<size_t>(atom)] = before;
      mate_[static_cast<size_t>(before)] = atom;
      atom = next;
    }
  }

  // Looks for a free atom by breadth, which end_ then is, else -1.
  void search(int root) {
    std::fill(parent_.begin(), parent_.end(), -1);
    for (size_t i = 0; i < base_.size(); ++i) base_[i] = static_cast<int>(i);
    outer_.assign(wish_.size(), false);
    outer_[static_cast<size_t>(root)] = true;
    queue_ = {root};
    end_ = -1;
    for (size_t at = 0; at < queue_.size(); ++at)
      for (const int to : neighbours_[static_cast<size_t>(queue_[at])])
        if (visit(root, queue_[at], to)) return;
  }

  // Goes from an outer atom to its neighbour; whether that ends the search.
  bool visit(int root, int from, int to) {
    if (base(from) == base(to) || mate(from) == to) return false;
    if (to == root || (mate(to) >= 0 && parent(mate(to)) >= 0)) {
      contract(root, from, to);
    } else if (parent(to) < 0) {
      parent(to) = from;
      if (mate(to) < 0) {
        end_ = to;
        return true;
      }
      outer_[static_cast<size_t>(mate(to))] = true;
      queue_.push_back(mate(to));
    }
    return false;
  }

  // Makes one of the cycle that the edge between two outer atoms closes.
  void contract(int root, int from, int to) {
    const int top = common_base(root, from, to);
    std::vector<bool> inside(base_.size(), false);
    mark(from, top, to, inside);
    mark(to, top, from, inside);
    for (size_t i = 0; i < base_.size(); ++i) {
      if (!inside[static_cast<size_t>(base_[i])]) continue;
      base_[i] = top;
      if (outer_[i]) continue;
      outer_[i] = true;
      queue_.push_back(static_cast<int>(i));
    }
  }

  int common_base(int root, int a, int b) {
    std::vector<bool> above(base_.size(), false);
    for (a = base(a);; a = base(parent(mate(a)))) {
      above[static_cast<size_t>(a)] = true;
      if (a == root || base(root) == a) break;
    }
    for (b = base(b); !above[static_cast<size_t>(b)];) b = base(parent(mate(b)));
    return b;
  }

  // Turns the path from an atom up to `top` so that it can be gone down as well, over `child` first.
  void mark(int atom, int top, int child, std::vector<bool>& inside) {
    while (base(atom) != top) {
      inside[static_cast<size_t>(base(atom))] = true;
      inside[static_cast<size_t>(base(mate(atom)))] = true;
      parent(atom) = child;
      child = mate(atom);
      atom = parent(child);
    }
  }

  std::vector<std::vector<int>> neighbours_;
  std::vector<SdfDouble> wish_;
  std::vector<int> mate_, parent_, base_, queue_;
  std::vector<bool> outer_;
  int end_ = -1;
};

std::string sdf_number(double value) {
  constexpr size_t kWidth = 10;
  const std::string text = fixed_text(value, 4);
  STEER_CHECK(text.size() <= kWidth,
              "[sdf_text] expected coordinates from -9999.9999 to 99999.9999 Angstrom but got ", text);
  return right_aligned(text, kWidth);
}

std::string sdf_short(int64_t value, size_t width = 3) {
  return right_aligned(std::to_string(value), width);
}

// The lines M  CHG, of at most eight atoms each.
std::string sdf_charge_lines(const std::vector<int>& charge) {
  constexpr size_t kMostPairs = 8;
  std::vector<size_t> charged;
  for (size_t i = 0; i < charge.size(); ++i) {
    STEER_CHECK(charge[i] >= -kMostSdfCharge && charge[i] <= kMostSdfCharge,
                "[sdf_text] expected charges from -15 to 15 but got ", charge[i]);
    if (charge[i] != 0) charged.push_back(i);
  }
  std::string text;
  for (size_t begin = 0; begin < charged.size(); begin += kMostPairs) {
    const size_t end = std::min(begin + kMostPairs, charged.size());
    text += "M  CHG" + sdf_short(static_cast<int64_t>(end - begin));
    for (size_t i = begin; i < end; ++i)
      text += sdf_short(static_cast<int64_t>(charged[i]) + 1, 4) + sdf_short(charge[charged[i]], 4);
    text += "\n";
  }
  return text;
}

std::string sdf_record_text(const Molecule& molecule) {
  const std::string title = one_line_title(molecule.title);
  std::string text = title.substr(0, kSdfEnd.size()) == kSdfEnd ? " " + title : title;
  text += "\n  steer             3D\n\n" + sdf_short(molecule.size()) +
          sdf_short(static_cast<int64_t>(molecule.bonds.size())) + "  0  0  0  0  0  0  0  0999 V2000\n";
  for (size_t i = 0; i < molecule.number.size(); ++i) {
    std::string symbol(element_symbol(molecule.number[i]));
    symbol.resize(3, ' ');
    for (const double x : molecule.position[i]) text += sdf_number(x);
    text += " " + symbol + " 0  0  0  0  0  0  0  0  0  0  0  0\n";
  }
  for (const Bond& bond : molecule.bonds)
    text += sdf_short(bond.a + 1) + sdf_short(bond.b + 1) + sdf_short(bond.order) + "  0  0  0  0\n";
  return text + sdf_charge_lines(molecule.charge) + "M  END\n" + std::string(kSdfEnd) + "\n";
}

}  // namespace

std::vector<Molecule> molecules_from_sdf(std::string_view bytes, const std::string& name) {
  std::vector<Molecule> molecules;
  MoleculeLines lines(bytes, name);
  while (!sdf_is_over(lines)) molecules.push_back(sdf_record(lines));
  STEER_CHECK(!molecules.empty(), "[read] ", name, ": expected at least one molecule but got none");
  return molecules;
}

std::string sdf_text(const std::vector<Molecule>& molecules) {
  check_written(molecules, "sdf_text");
  std::string text;
  for (const Molecule& molecule : molecules) {
    STEER_CHECK(molecule.size() <= kMostSdfAtoms && molecule.bonds.size() <= kMostSdfAtoms,
                "[sdf_text] expected at most 999 atoms and 999 bonds but got ", molecule.size(), " and ",
                molecule.bonds.size());
    text += sdf_record_text(molecule);
  }
  return text;
}

KekuleBonds kekule_bonds(const std::vector<int>& number, const std::vector<int>& charge,
                         std::vector<Bond> bonds) {
  const size_t atoms = number.size();
  STEER_CHECK(charge.size() == atoms, "[kekule_bonds] expected ", atoms, " charges but got ", charge.size());
  std::vector<int> orders(atoms);
  std::vector<bool> aromatic(atoms);
  for (const Bond& bond : bonds)
    for (const int64_t atom : {bond.a, bond.b}) {
      STEER_CHECK(atom >= 0 && atom < static_cast<int64_t>(atoms), "[kekule_bonds] expected bonds between ",
                  atoms, " atoms but got atom ", atom);
      orders[static_cast<size_t>(atom)] += bond.order == kAromaticOrder ? 1 : bond.order;
      if (bond.order == kAromaticOrder) aromatic[static_cast<size_t>(atom)] = true;
    }
  std::vector<SdfDouble> wish(atoms, SdfDouble::kNever);
  for (size_t i = 0; i < atoms; ++i)
    if (aromatic[i]) wish[i] = sdf_double(number[i], charge[i], orders[i]);
  std::vector<std::vector<int>> neighbours(atoms);
  for (const Bond& bond : bonds) {
    const size_t a = static_cast<size_t>(bond.a), b = static_cast<size_t>(bond.b);
    if (bond.order != kAromaticOrder || wish[a] == SdfDouble::kNever || wish[b] == SdfDouble::kNever)
      continue;
    neighbours[a].push_back(static_cast<int>(b));
    neighbours[b].push_back(static_cast<int>(a));
  }
  SdfMatching matching(std::move(neighbours), std::move(wish));
  KekuleBonds kekule;
  kekule.failed = matching.match();
  for (Bond& bond : bonds)
    if (bond.order == kAromaticOrder)
      bond.order = matching.mate(static_cast<int>(bond.a)) == static_cast<int>(bond.b) ? 2 : 1;
  kekule.bonds = std::move(bonds);
  return kekule;
}

}  // namespace steer
