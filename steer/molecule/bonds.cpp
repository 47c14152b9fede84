#include "steer/molecule/bonds.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "steer/core/check.h"

namespace steer {
namespace {

// The elements of the tables of lengths, and where each atomic number stands among them.
constexpr std::array<int, 13> kBondNumbers = {1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 33, 35, 53};
constexpr int kBondKinds = static_cast<int>(kBondNumbers.size());

// Usual lengths of single, double and triple bonds between two elements, in picometres; 0: there is none.
struct BondLengths {
  int number_a, number_b;
  double single, twofold, threefold;
};

constexpr BondLengths kBondLengths[] = {
    {1, 1, 74, 0, 0},      {1, 5, 119, 0, 0},     {1, 6, 109, 0, 0},     {1, 7, 101, 0, 0},
    {1, 8, 96, 0, 0},      {1, 9, 92, 0, 0},      {1, 14, 148, 0, 0},    {1, 15, 144, 0, 0},
    {1, 16, 134, 0, 0},    {1, 17, 127, 0, 0},    {1, 33, 152, 0, 0},    {1, 35, 141, 0, 0},
    {1, 53, 161, 0, 0},    {5, 17, 175, 0, 0},    {6, 6, 154, 134, 120}, {6, 7, 147, 129, 116},
    {6, 8, 143, 120, 113}, {6, 9, 135, 0, 0},     {6, 14, 185, 0, 0},    {6, 15, 184, 0, 0},
    {6, 16, 182, 160, 0},  {6, 17, 177, 0, 0},    {6, 35, 194, 0, 0},    {6, 53, 214, 0, 0},
    {7, 7, 145, 125, 110}, {7, 8, 140, 121, 0},   {7, 9, 136, 0, 0},     {7, 15, 177, 0, 0},
    {7, 16, 168, 0, 0},    {7, 17, 175, 0, 0},    {7, 35, 214, 0, 0},    {7, 53, 222, 0, 0},
    {8, 8, 148, 121, 0},   {8, 9, 142, 0, 0},     {8, 14, 163, 0, 0},    {8, 15, 163, 150, 0},
    {8, 16, 151, 0, 0},    {8, 17, 164, 0, 0},    {8, 35, 172, 0, 0},    {8, 53, 194, 0, 0},
    {9, 9, 142, 0, 0},     {9, 14, 160, 0, 0},    {9, 15, 156, 0, 0},    {9, 16, 158, 0, 0},
    {9, 17, 166, 0, 0},    {9, 35, 178, 0, 0},    {9, 53, 187, 0, 0},    {14, 14, 233, 0, 0},
    {14, 16, 200, 0, 0},   {14, 17, 202, 0, 0},   {14, 35, 215, 0, 0},   {14, 53, 243, 0, 0},
    {15, 15, 221, 0, 0},   {15, 16, 210, 186, 0}, {15, 17, 203, 0, 0},   {15, 35, 222, 0, 0},
    {16, 16, 204, 0, 0},   {16, 17, 207, 0, 0},   {16, 35, 225, 0, 0},   {16, 53, 234, 0, 0},
    {17, 17, 199, 0, 0},   {17, 35, 214, 0, 0},   {35, 35, 228, 0, 0},   {53, 53, 266, 0, 0}};

// What may be added to a length of each order, in picometres.
constexpr double kSingleSlack = 10, kDoubleSlack = 5, kTripleSlack = 3;
// No single bond of the table reaches so far, in Angstrom.
constexpr double kBondReach = 2.77;
// Atomic numbers below this one are looked up.
constexpr int kBondNumberEnd = 54;

// Below which distances, in Angstrom, two kinds of atom have at least one, two and three bonds.
struct BondTable {
  std::array<int, kBondNumberEnd> kind{};
  std::array<std::array<double, 3>, kBondKinds * kBondKinds> below{};

  BondTable() {
    kind.fill(-1);
    for (int i = 0; i < kBondKinds; ++i) kind[static_cast<size_t>(kBondNumbers[static_cast<size_t>(i)])] = i;
    for (const BondLengths& row : kBondLengths) {
      const std::array<double, 3> limits = {(row.single + kSingleSlack) / 100,
                                            row.twofold > 0 ? (row.twofold + kDoubleSlack) / 100 : 0,
                                            row.threefold > 0 ? (row.threefold + kTripleSlack) / 100 : 0};
      const int a = kind_of(row.number_a), b = kind_of(row.number_b);
      below[static_cast<size_t>(a * kBondKinds + b)] = below[static_cast<size_t>(b * kBondKinds + a)] =
          limits;
    }
  }

  // -1 for an element that has no lengths.
  int kind_of(int number) const {
    return number >= 0 && number < kBondNumberEnd ? kind[static_cast<size_t>(number)] : -1;
  }

  int order(int kind_a, int kind_b, double distance) const {
    if (kind_a < 0 || kind_b < 0) return 0;
    const std::array<double, 3>& limits = below[static_cast<size_t>(kind_a * kBondKinds + kind_b)];
    int order = 0;
    while (order < 3 && distance < limits[static_cast<size_t>(order)]) ++order;
    return order;
  }
};

const BondTable& bond_table() {
  static const BondTable table;
  return table;
}

// Calls found(a, b, order) with a < b for all bound pairs, in no special order. Atoms are walked along x, so
// that only those in reach of one another meet.
template <class Found>
void each_bound_pair(const Molecule& molecule, const Found& found) {
  struct Place {
    double x, y, z;
    int64_t atom;
    int kind;
  };
  const BondTable& table = bond_table();
  std::vector<Place> places;
  places.reserve(molecule.number.size());
  for (int64_t i = 0; i < molecule.size(); ++i) {
    const auto& [x, y, z] = molecule.position[static_cast<size_t>(i)];
    const int kind = table.kind_of(molecule.number[static_cast<size_t>(i)]);
    if (kind >= 0 && std::isfinite(x) && std::isfinite(y) && std::isfinite(z))
      places.push_back({x, y, z, i, kind});
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.x < b.x; });
  for (size_t i = 0; i < places.size(); ++i)
    for (size_t j = i + 1; j < places.size() && places[j].x - places[i].x < kBondReach; ++j) {
      const double dx = places[j].x - places[i].x, dy = places[j].y - places[i].y,
                   dz = places[j].z - places[i].z;
      const double square = dx * dx + dy * dy + dz * dz;
      if (!(square < kBondReach * kBondReach)) continue;
      const int order = table.order(places[i].kind, places[j].kind, std::sqrt(square));
      if (order == 0) continue;
      found(std::min(places[i].atom, places[j].atom), std::max(places[i].atom, places[j].atom), order);
    }
}

bool is_usual_valence(int number, int64_t valence) {
  switch (number) {
    case 1:
    case 9:
    case 17:
    case 35:
    case 53:
      return valence == 1;
    case 5:
    case 7:
    case 33:
      return valence == 3;
    case 6:
    case 14:
      return valence == 4;
    case 8:
      return valence == 2;
    case 15:
      return valence == 3 || valence == 5;
    case 16:
      return valence == 2 || valence == 4 || valence == 6;
    default:
      return false;
  }
}

// The most bonds of a neutral atom; -1: no limit is known.
int most_bonds(int64_t number) {
  switch (number) {
    case 0:  // a proton
    case 2:
    case 10:
    case 18:
    case 36:
      return 0;
    case 1:
    case 9:
    case 17:
    case 35:
      return 1;
    case 8:
      return 2;
    case 5:
    case 7:
    case 13:
    case 31:
      return 3;
    case 6:
    case 14:
    case 32:
    case 50:
      return 4;
    case 15:
    case 33:
    case 51:
    case 53:
      return 5;
    case 16:
    case 34:
    case 52:
    case 54:
      return 6;
    default:
      return -1;
  }
}

// An atom's bonds added up.
std::vector<int64_t> valences_of(const Molecule& molecule) {
  std::vector<int64_t> valence(molecule.number.size(), 0);
  for (const Bond& bond : molecule.bonds) {
    valence[static_cast<size_t>(bond.a)] += bond.order;
    valence[static_cast<size_t>(bond.b)] += bond.order;
  }
  return valence;
}

// Takes the first bond, in their order, of this nitrogen to a neutral atom of that element and of that order
// for one less with charges + and -. False where there is none.
bool part_charges(Molecule& molecule, int64_t nitrogen, int number, int order) {
  for (Bond& bond : molecule.bonds) {
    if (bond.order != order || (bond.a != nitrogen && bond.b != nitrogen)) continue;
    const auto other = static_cast<size_t>(bond.a == nitrogen ? bond.b : bond.a);
    if (molecule.number[other] != number || molecule.charge[other] != 0) continue;
    --bond.order;
    molecule.charge[static_cast<size_t>(nitrogen)] = 1;
    molecule.charge[other] = -1;
    return true;
  }
  return false;
}

// Gives charges to nitrogens of five bonds, of a molecule where nobody told any.
void charge_nitrogens(Molecule& molecule) {
  molecule.charge.assign(molecule.number.size(), 0);
  const std::vector<int64_t> valence = valences_of(molecule);
  for (int64_t i = 0; i < molecule.size(); ++i) {
    const auto at = static_cast<size_t>(i);
    if (molecule.number[at] != 7 || valence[at] != 5 || molecule.charge[at] != 0) continue;
    if (!part_charges(molecule, i, 8, 2)) part_charges(molecule, i, 7, 3);
  }
}

void check_bonds(int64_t atoms, const std::vector<Bond>& bonds, const std::string& what) {
  for (const Bond& bond : bonds) {
    STEER_CHECK(bond.a >= 0 && bond.a < bond.b && bond.b < atoms, what, ": expected bonds between two of ",
                atoms, " atoms, the first before the second, but got ", bond.a, " and ", bond.b);
    STEER_CHECK(bond.order >= 1 && bond.order <= 3, what, ": expected bonds of order 1, 2 or 3 but got ",
                bond.order);
  }
}

}  // namespace

void check_molecule(const Molecule& molecule, const std::string& what) {
  STEER_CHECK(molecule.position.size() == molecule.number.size(), what, ": expected ", molecule.number.size(),
              " positions, one for each atom, but got ", molecule.position.size());
  STEER_CHECK(molecule.charge.empty() || molecule.charge.size() == molecule.number.size(), what,
              ": expected ", molecule.number.size(), " charges or none but got ", molecule.charge.size());
  check_bonds(molecule.size(), molecule.bonds, what);
  std::vector<std::pair<int64_t, int64_t>> pairs;
  pairs.reserve(molecule.bonds.size());
  for (const Bond& bond : molecule.bonds) pairs.emplace_back(bond.a, bond.b);
  std::sort(pairs.begin(), pairs.end());
  const auto twice = std::adjacent_find(pairs.begin(), pairs.end());
  STEER_CHECK(twice == pairs.end(), what, ": expected each pair of atoms to be bound once but got ",
              twice->first, " and ", twice->second, " twice");
}

int bond_order(int number_a, int number_b, double distance) {
  const BondTable& table = bond_table();
  return table.order(table.kind_of(number_a), table.kind_of(number_b), distance);
}

std::vector<Bond> bonds_by_distance(const Molecule& molecule) {
  check_molecule(molecule, "[bonds]");
  std::vector<Bond> bonds;
  each_bound_pair(molecule, [&](int64_t a, int64_t b, int order) { bonds.push_back({a, b, order}); });
  std::sort(bonds.begin(), bonds.end(),
            [](const Bond& a, const Bond& b) { return a.a != b.a ? a.a < b.a : a.b < b.b; });
  return bonds;
}

Stability stability(const Molecule& molecule) {
  check_molecule(molecule, "[stability]");
  std::vector<int64_t> valence(molecule.number.size(), 0);
  each_bound_pair(molecule, [&](int64_t a, int64_t b, int order) {
    valence[static_cast<size_t>(a)] += order;
    valence[static_cast<size_t>(b)] += order;
  });
  Stability found;
  found.atoms = molecule.size();
  for (size_t i = 0; i < valence.size(); ++i)
    if (is_usual_valence(molecule.number[i], valence[i])) ++found.stable_atoms;
  found.molecule = found.atoms > 0 && found.stable_atoms == found.atoms;
  return found;
}

std::vector<int64_t> fragment_of(const Molecule& molecule, const std::vector<Bond>& bonds) {
  check_bonds(molecule.size(), bonds, "[fragments]");
  // A forest of atoms in which roots are the first atoms of their parts.
  std::vector<int64_t> parent(molecule.number.size());
  std::iota(parent.begin(), parent.end(), int64_t{0});
  const auto root_of = [&](int64_t i) {
    while (parent[static_cast<size_t>(i)] != i) {
      int64_t& above = parent[static_cast<size_t>(i)];
      above = parent[static_cast<size_t>(above)];
      i = above;
    }
    return i;
  };
  for (const Bond& bond : bonds) {
    const auto [first, second] = std::minmax({root_of(bond.a), root_of(bond.b)});
    parent[static_cast<size_t>(second)] = first;
  }
  std::vector<int64_t> fragment(parent.size());
  int64_t count = 0;
  for (size_t i = 0; i < parent.size(); ++i) {
    const auto root = static_cast<size_t>(root_of(static_cast<int64_t>(i)));
    fragment[i] = root == i ? count++ : fragment[root];
  }
  return fragment;
}

Molecule largest_fragment(const Molecule& molecule) {
  check_molecule(molecule, "[fragments]");
  if (molecule.number.empty()) return molecule;
  const std::vector<int64_t> fragment = fragment_of(molecule, molecule.bonds);
  std::vector<int64_t> sizes;
  for (const int64_t i : fragment) {
    sizes.resize(std::max(sizes.size(), static_cast<size_t>(i + 1)));
    ++sizes[static_cast<size_t>(i)];
  }
  const int64_t largest = std::max_element(sizes.begin(), sizes.end()) - sizes.begin();
  Molecule part;
  part.title = molecule.title;
  std::vector<int64_t> place(fragment.size(), -1);  // of an atom among those that stay
  for (size_t i = 0; i < fragment.size(); ++i) {
    if (fragment[i] != largest) continue;
    place[i] = part.size();
    part.number.push_back(molecule.number[i]);
    part.position.push_back(molecule.position[i]);
    if (!molecule.charge.empty()) part.charge.push_back(molecule.charge[i]);
  }
  for (const Bond& bond : molecule.bonds)
    if (place[static_cast<size_t>(bond.a)] >= 0)
      part.bonds.push_back(
          {place[static_cast<size_t>(bond.a)], place[static_cast<size_t>(bond.b)], bond.order});
  return part;
}

bool is_valid(const Molecule& molecule) {
  Molecule part = largest_fragment(molecule);
  if (part.number.empty()) return false;
  if (part.charge.empty()) charge_nitrogens(part);
  const std::vector<int64_t> valence = valences_of(part);
  for (size_t i = 0; i < valence.size(); ++i) {
    const int most = most_bonds(int64_t{part.number[i]} - part.charge[i]);
    if (most >= 0 && valence[i] > most) return false;
  }
  return true;
}

}  // namespace steer
