#include "steer/molecule/canonical.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <random>
#include <set>

#include "steer/testing/refusal.h"

namespace steer {
namespace {

Molecule graph_of(const std::vector<int>& number, const std::vector<Bond>& bonds) {
  Molecule molecule;
  molecule.number = number;
  molecule.position.resize(number.size());
  for (Bond bond : bonds) {
    if (bond.a > bond.b) std::swap(bond.a, bond.b);
    molecule.bonds.push_back(bond);
  }
  return molecule;
}

// Carbons alone.
Molecule skeleton(int64_t atoms, const std::vector<Bond>& bonds) {
  return graph_of(std::vector<int>(static_cast<size_t>(atoms), 6), bonds);
}

// With hydrogens until carbon has four bonds, nitrogen three and oxygen two.
Molecule saturated(Molecule molecule) {
  std::vector<int> room;
  for (const int number : molecule.number) room.push_back(10 - number);
  for (const Bond& bond : molecule.bonds) {
    room[static_cast<size_t>(bond.a)] -= bond.order;
    room[static_cast<size_t>(bond.b)] -= bond.order;
  }
  for (size_t i = 0; i < room.size(); ++i)
    for (int k = 0; k < room[i]; ++k) {
      molecule.bonds.push_back({static_cast<int64_t>(i), molecule.size(), 1});
      molecule.number.push_back(1);
      molecule.position.push_back({});
    }
  return molecule;
}

Molecule cycle_of(int64_t atoms, int even = 1, int odd = 1) {
  std::vector<Bond> bonds;
  for (int64_t i = 0; i < atoms; ++i) bonds.push_back({i, (i + 1) % atoms, i % 2 ? odd : even});
  return skeleton(atoms, bonds);
}

// The same molecule with its atoms and bonds in another order.
Molecule reordered(const Molecule& molecule, std::mt19937& random) {
  std::vector<size_t> place(molecule.number.size());
  std::iota(place.begin(), place.end(), size_t{0});
  std::shuffle(place.begin(), place.end(), random);
  Molecule other = molecule;
  for (size_t i = 0; i < place.size(); ++i) {
    other.number[place[i]] = molecule.number[i];
    if (!molecule.charge.empty()) other.charge[place[i]] = molecule.charge[i];
  }
  for (Bond& bond : other.bonds) {
    bond.a = static_cast<int64_t>(place[static_cast<size_t>(bond.a)]);
    bond.b = static_cast<int64_t>(place[static_cast<size_t>(bond.b)]);
    if (bond.a > bond.b) std::swap(bond.a, bond.b);
  }
  std::shuffle(other.bonds.begin(), other.bonds.end(), random);
  return other;
}

// The football of sixty carbons: corners of a truncated icosahedron, whose edges have length 2; between two
// hexagons the bonds are double if asked for.
Molecule football(bool alternating) {
  const double phi = (1 + std::sqrt(5.0)) / 2;
  std::vector<std::array<double, 3>> corners;
  const std::vector<std::array<double, 3>> kinds = {
      {0, 1, 3 * phi}, {1, 2 + phi, 2 * phi}, {phi, 2, 2 * phi + 1}};
  for (const auto& kind : kinds)
    for (size_t turn = 0; turn < 3; ++turn)
      for (int signs = 0; signs < 8; ++signs) {
        if (kind[0] == 0 && (signs & 1)) continue;
        std::array<double, 3> corner{};
        for (size_t k = 0; k < 3; ++k) corner[(k + turn) % 3] = (signs >> k) & 1 ? -kind[k] : kind[k];
        corners.push_back(corner);
      }
  std::vector<std::vector<int64_t>> near(corners.size());
  std::vector<Bond> bonds;
  for (size_t a = 0; a < corners.size(); ++a)
    for (size_t b = 0; b < corners.size(); ++b) {
      double square = 0;
      for (size_t k = 0; k < 3; ++k) square += std::pow(corners[a][k] - corners[b][k], 2);
      if (a == b || std::abs(square - 4) > 1e-6) continue;
      near[a].push_back(static_cast<int64_t>(b));
      if (a < b) bonds.push_back({static_cast<int64_t>(a), static_cast<int64_t>(b), 1});
    }
  // A bond of a pentagon closes a ring of five: its ends have neighbours that share a neighbour.
  const auto adjacent = [&](int64_t a, int64_t b) {
    const auto& list = near[static_cast<size_t>(a)];
    return std::find(list.begin(), list.end(), b) != list.end();
  };
  for (Bond& bond : bonds) {
    bool pentagon = false;
    for (const int64_t c : near[static_cast<size_t>(bond.a)])
      for (const int64_t d : near[static_cast<size_t>(bond.b)])
        for (const int64_t e : near[static_cast<size_t>(c)])
          pentagon |= c != bond.b && d != bond.a && e != bond.a && adjacent(d, e);
    if (alternating && !pentagon) bond.order = 2;
  }
  return skeleton(static_cast<int64_t>(corners.size()), bonds);
}

Molecule cube() {
  std::vector<Bond> bonds;
  for (int64_t i = 0; i < 8; ++i)
    for (int64_t bit = 1; bit < 8; bit *= 2)
      if (!(i & bit)) bonds.push_back({i, i | bit, 1});
  return skeleton(8, bonds);
}

// Sixteen atoms as a torus of 4 x 4, joined along rows and columns and either along diagonals (Shrikhande's
// graph) or to all of their row and column (the rook's). Both have the same numbers of common neighbours.
Molecule torus(bool rook) {
  std::vector<Bond> bonds;
  for (int64_t a = 0; a < 16; ++a)
    for (int64_t b = a + 1; b < 16; ++b) {
      const int64_t right = (b % 4 - a % 4 + 4) % 4, down = (b / 4 - a / 4 + 4) % 4;
      const bool line = right == 0 || down == 0;
      const bool near = (right == 0 && down % 2) || (down == 0 && right % 2) || (right == down && right % 2);
      if (rook ? line : near) bonds.push_back({a, b, 1});
    }
  return skeleton(16, bonds);
}

std::vector<Molecule> symmetric_molecules() {
  return {saturated(skeleton(1, {})),
          saturated(skeleton(5, {{0, 1, 1}, {0, 2, 1}, {0, 3, 1}, {0, 4, 1}})),
          saturated(cube()),
          saturated(cycle_of(6, 1, 2)),
          football(false),
          football(true),
          torus(true),
          torus(false),
          graph_of({8, 1, 1, 8, 1, 1}, {{0, 1, 1}, {0, 2, 1}, {3, 4, 1}, {3, 5, 1}}),
          graph_of({1, 1}, {{0, 1, 1}}),
          graph_of({6, 7, 0, 200}, {{0, 1, 3}})};
}

TEST(Canonical, TextIsTheSameWhateverTheOrderOfAtoms) {
  std::mt19937 random(1);
  std::vector<Molecule> molecules = symmetric_molecules();
  molecules.push_back(saturated(graph_of(
      {6, 6, 8, 7, 6, 6, 6}, {{0, 1, 1}, {1, 2, 2}, {1, 3, 1}, {3, 4, 1}, {4, 5, 1}, {5, 6, 2}, {3, 6, 1}})));
  Molecule zwitterion = saturated(skeleton(3, {{0, 1, 1}, {1, 2, 1}}));
  zwitterion.charge.assign(zwitterion.number.size(), 0);
  zwitterion.charge[0] = 1;
  zwitterion.charge[2] = -1;
  molecules.push_back(zwitterion);
  std::set<std::string> texts;
  for (const Molecule& molecule : molecules) {
    const std::string text = canonical_text(molecule);
    for (int i = 0; i < 50; ++i) ASSERT_EQ(canonical_text(reordered(molecule, random)), text);
    texts.insert(text);
  }
  EXPECT_EQ(texts.size(), molecules.size());
}

TEST(Canonical, TextsAreReadable) {
  EXPECT_EQ(canonical_text({}), "");
  EXPECT_EQ(canonical_text(saturated(skeleton(1, {}))), "CH4");
  EXPECT_EQ(canonical_text(saturated(graph_of({6, 8, 8}, {{0, 1, 1}, {0, 2, 2}}))), "[CH(=O),OH;0-1]");
  EXPECT_EQ(canonical_text(saturated(cycle_of(6, 1, 2))), "[CH*6;0-4,0=5,1=2,1-3,2-5,3=4]");
  EXPECT_EQ(canonical_text(saturated(graph_of({6, 8, 8, 6}, {{0, 1, 1}, {0, 2, 2}, {0, 3, 1}}))),
            "C(CH3)(OH)(=O)");
  EXPECT_EQ(canonical_text(saturated(skeleton(2, {{0, 1, 2}}))), "[CH2*2;0=1]");
  EXPECT_EQ(canonical_text(saturated(cycle_of(3))), "[CH2*3;0-1,0-2,1-2]");
  EXPECT_EQ(canonical_text(saturated(graph_of({8, 6, 8}, {}))), "CH4.OH2.OH2");
}

TEST(Canonical, IsomersDiffer) {
  // Ethanol and dimethyl ether; butane and isobutane; 1-butene and 2-butene; ortho, meta and para.
  const auto alcohol = saturated(graph_of({6, 6, 8}, {{0, 1, 1}, {1, 2, 1}}));
  const auto ether = saturated(graph_of({6, 8, 6}, {{0, 1, 1}, {1, 2, 1}}));
  EXPECT_NE(canonical_text(alcohol), canonical_text(ether));
  EXPECT_EQ(formula(alcohol), formula(ether));
  EXPECT_NE(canonical_text(saturated(skeleton(4, {{0, 1, 1}, {1, 2, 1}, {2, 3, 1}}))),
            canonical_text(saturated(skeleton(4, {{0, 1, 1}, {0, 2, 1}, {0, 3, 1}}))));
  EXPECT_NE(canonical_text(saturated(skeleton(4, {{0, 1, 2}, {1, 2, 1}, {2, 3, 1}}))),
            canonical_text(saturated(skeleton(4, {{0, 1, 1}, {1, 2, 2}, {2, 3, 1}}))));
  std::set<std::string> places;
  for (int64_t second = 1; second < 6; ++second) {
    Molecule ring = cycle_of(6);
    ring.number.insert(ring.number.end(), {8, 8});
    ring.position.resize(8);
    ring.bonds.push_back({0, 6, 1});
    ring.bonds.push_back({second, 7, 1});
    places.insert(canonical_text(saturated(ring)));
  }
  EXPECT_EQ(places.size(), 3u);
}

TEST(Canonical, ChargesAndOrdersAreCompared) {
  Molecule one = saturated(graph_of({7, 8}, {{0, 1, 1}})), other = one;
  one.charge.assign(one.number.size(), 0);
  EXPECT_EQ(canonical_text(one), canonical_text(other));
  one.charge[0] = 1;
  EXPECT_NE(canonical_text(one), canonical_text(other));
  other = one;
  other.charge[0] = -1;
  EXPECT_NE(canonical_text(one), canonical_text(other));
  EXPECT_NE(canonical_text(cycle_of(6, 1, 1)), canonical_text(cycle_of(6, 1, 2)));
  EXPECT_EQ(canonical_text(cycle_of(6, 2, 1)), canonical_text(cycle_of(6, 1, 2)));
}

TEST(Canonical, TellsWhatRefinementAloneCannot) {
  // Two triangles and a hexagon; decalin and bicyclopentyl; Shrikhande's graph and the rook's.
  EXPECT_NE(canonical_text(skeleton(6, {{0, 1, 1}, {1, 2, 1}, {0, 2, 1}, {3, 4, 1}, {4, 5, 1}, {3, 5, 1}})),
            canonical_text(cycle_of(6)));
  Molecule decalin = cycle_of(10), bicyclopentyl = skeleton(10, {{0, 5, 1}});
  decalin.bonds.push_back({0, 5, 1});
  for (int64_t i = 0; i < 5; ++i)
    for (const int64_t first : {0, 5}) {
      const int64_t a = first + i, b = first + (i + 1) % 5;
      bicyclopentyl.bonds.push_back({std::min(a, b), std::max(a, b), 1});
    }
  EXPECT_EQ(formula(saturated(decalin)), formula(saturated(bicyclopentyl)));
  EXPECT_NE(canonical_text(saturated(decalin)), canonical_text(saturated(bicyclopentyl)));
  EXPECT_NE(canonical_text(torus(true)), canonical_text(torus(false)));
  EXPECT_EQ(torus(true).bonds.size(), torus(false).bonds.size());
}

TEST(Canonical, TextsAreEqualExactlyWhereARenumberingIs) {
  std::mt19937 random(7);
  const auto sketch = [&] {
    Molecule molecule = graph_of({6, 6, 6, 6, 6, static_cast<int>(6 + random() % 2)}, {});
    const uint32_t thin = 2 + random() % 3;
    for (int64_t a = 0; a < 6; ++a)
      for (int64_t b = a + 1; b < 6; ++b)
        if (random() % thin == 0) molecule.bonds.push_back({a, b, static_cast<int>(1 + random() % 5 / 4)});
    return molecule;
  };
  // Elements and bonds under the renumbering that makes them least.
  const auto least = [](const Molecule& molecule) {
    std::vector<size_t> place = {0, 1, 2, 3, 4, 5};
    std::vector<int> best;
    do {
      std::vector<int> table(42, 0);
      for (size_t i = 0; i < 6; ++i) table[36 + place[i]] = molecule.number[i];
      for (const Bond& bond : molecule.bonds) {
        const size_t a = place[static_cast<size_t>(bond.a)], b = place[static_cast<size_t>(bond.b)];
        table[6 * std::min(a, b) + std::max(a, b)] = bond.order;
      }
      if (best.empty() || table < best) best = table;
    } while (std::next_permutation(place.begin(), place.end()));
    return best;
  };
  std::set<std::pair<std::vector<int>, std::string>> pairs;
  std::set<std::vector<int>> graphs;
  std::set<std::string> texts;
  for (int i = 0; i < 600; ++i) {
    const Molecule molecule = sketch();
    const auto pair = std::make_pair(least(molecule), canonical_text(molecule));
    pairs.insert(pair);
    graphs.insert(pair.first);
    texts.insert(pair.second);
  }
  EXPECT_GT(graphs.size(), 100u);
  EXPECT_LT(graphs.size(), 600u);
  EXPECT_EQ(pairs.size(), graphs.size());
  EXPECT_EQ(pairs.size(), texts.size());
}

TEST(Canonical, SymmetryCostsLittleTime) {
  std::vector<Molecule> molecules = symmetric_molecules();
  // All bound to all; two equal parts, all across; a cube of six dimensions; many equal pieces on a ring.
  Molecule all = skeleton(64, {}), across = skeleton(64, {}), cube6 = skeleton(64, {}), pieces = cycle_of(16);
  for (int64_t a = 0; a < 64; ++a)
    for (int64_t b = a + 1; b < 64; ++b) {
      all.bonds.push_back({a, b, 3});
      if (a < 32 && b >= 32) across.bonds.push_back({a, b, 1});
      const int64_t differ = a ^ b;
      if ((differ & (differ - 1)) == 0) cube6.bonds.push_back({a, b, 1});
    }
  pieces.number.assign(64, 6);
  pieces.position.resize(64);
  for (int64_t i = 0; i < 16; ++i)
    for (int64_t k = 0; k < 3; ++k) {
      pieces.bonds.push_back({i, 16 + 3 * i + k, 1});
      pieces.bonds.push_back(
          {16 + 3 * i + std::min(k, (k + 1) % 3), 16 + 3 * i + std::max(k, (k + 1) % 3), 1});
    }
  molecules.insert(molecules.end(), {all, across, cube6, pieces});
  std::mt19937 random(2);
  for (const Molecule& molecule : molecules) {
    const auto begin = std::chrono::steady_clock::now();
    const std::string text = canonical_text(molecule);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    EXPECT_LT(seconds.count(), 5) << formula(molecule);  // a few milliseconds where nothing else runs
    EXPECT_EQ(canonical_text(reordered(molecule, random)), text);
  }
}

TEST(Canonical, RefusesWhatIsNoMolecule) {
  Molecule molecule = cycle_of(4);
  molecule.bonds.push_back({0, 7, 1});
  EXPECT_NE(refusal([&] { canonical_text(molecule); }).find("two of 4 atoms"), std::string::npos);
  // Long chains are written; what would take too long is given up.
  const auto chain = [](int64_t atoms) {
    Molecule row = skeleton(atoms, {});
    for (int64_t i = 0; i + 1 < atoms; ++i) row.bonds.push_back({i, i + 1, 1});
    return row;
  };
  EXPECT_GT(canonical_text(chain(3000)).size(), 3000u);
  EXPECT_NE(refusal([&] { canonical_text(chain(60000)); }).find("too large or too symmetric"),
            std::string::npos);
}

TEST(Formula, FollowsHill) {
  EXPECT_EQ(formula(saturated(graph_of({8, 6, 6}, {{0, 1, 1}, {1, 2, 1}}))), "C2H6O");
  EXPECT_EQ(formula(graph_of({8, 1, 1}, {})), "H2O");
  EXPECT_EQ(formula(graph_of({6, 1, 1, 1, 17}, {})), "CH3Cl");
  EXPECT_EQ(formula(graph_of({6, 7, 8, 1, 35, 9}, {})), "CHBrFNO");
  EXPECT_EQ(formula(graph_of({17, 11}, {})), "ClNa");
  EXPECT_EQ(formula(graph_of({6, 8, 8}, {})), "CO2");
  EXPECT_EQ(formula(graph_of({118, 103, 0, -3, 119, 0}, {})), "(-3)(0)2(119)LrOg");
  EXPECT_EQ(formula({}), "");
}

TEST(Different, CountsEachTextOnce) {
  EXPECT_EQ(different({}), 0);
  EXPECT_EQ(different({"a", "b", "a", ""}), 3);
}

}  // namespace
}  // namespace steer
