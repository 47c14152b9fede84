#include "steer/molecule/bonds.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <random>

#include "steer/testing/refusal.h"

namespace steer {
namespace {

Molecule placed_atoms(const std::vector<int>& number, const std::vector<std::array<double, 3>>& position) {
  Molecule molecule;
  molecule.number = number;
  molecule.position = position;
  return molecule;
}

// Atoms of no particular place.
Molecule bound_atoms(const std::vector<int>& number, const std::vector<Bond>& bonds) {
  Molecule molecule;
  molecule.number = number;
  molecule.position.resize(number.size());
  molecule.bonds = bonds;
  return molecule;
}

Molecule methane_in_space() {
  const double s = 1.092 / std::sqrt(3.0);
  return placed_atoms({6, 1, 1, 1, 1}, {{0, 0, 0}, {s, s, s}, {s, -s, -s}, {-s, s, -s}, {-s, -s, s}});
}

// Six carbons in a ring whose sides are, by turns, of these lengths, each with a hydrogen.
Molecule ring_by_turns(double even, double odd) {
  // Two triangles of the same centre: corners at +-angle about three axes that are 120 degrees apart.
  const double third = 2 * std::acos(-1.0) / 3;
  const double angle = std::atan2(even * std::sin(third / 2), odd + even * std::cos(third / 2));
  const double radius = even / (2 * std::sin(angle));
  std::vector<int> number(6, 6);
  std::vector<std::array<double, 3>> position, outside;
  for (int i = 0; i < 3; ++i)
    for (const double sign : {-1.0, 1.0}) {
      const double at = i * third + sign * angle;
      position.push_back({radius * std::cos(at), radius * std::sin(at), 0});
      outside.push_back({(radius + 1.085) * std::cos(at), (radius + 1.085) * std::sin(at), 0});
    }
  number.insert(number.end(), 6, 1);
  position.insert(position.end(), outside.begin(), outside.end());
  return placed_atoms(number, position);
}

TEST(Bonds, OrdersChangeAtTheLengthsOfTheTable) {
  struct Row {
    int a, b;
    std::vector<double> lengths;  // single, double, triple, in picometres
  };
  const std::vector<Row> rows = {
      {1, 1, {74}},        {1, 6, {109}},           {1, 7, {101}},           {1, 8, {96}},
      {1, 9, {92}},        {6, 6, {154, 134, 120}}, {6, 7, {147, 129, 116}}, {6, 8, {143, 120, 113}},
      {6, 9, {135}},       {7, 7, {145, 125, 110}}, {7, 8, {140, 121}},      {7, 9, {136}},
      {8, 8, {148, 121}},  {8, 9, {142}},           {9, 9, {142}},           {6, 16, {182, 160}},
      {15, 8, {163, 150}}, {17, 6, {177}}};
  const double slack[] = {10, 5, 3};
  for (const Row& row : rows)
    for (size_t order = 0; order < row.lengths.size(); ++order) {
      const double limit = (row.lengths[order] + slack[order]) / 100;
      EXPECT_EQ(bond_order(row.a, row.b, limit - 1e-6), static_cast<int>(order) + 1) << row.a << ' ' << row.b;
      EXPECT_EQ(bond_order(row.a, row.b, limit + 1e-6), static_cast<int>(order)) << row.a << ' ' << row.b;
      EXPECT_EQ(bond_order(row.b, row.a, limit - 1e-6), static_cast<int>(order) + 1) << row.a << ' ' << row.b;
    }
  for (const Row& row : rows)
    EXPECT_EQ(bond_order(row.a, row.b, 0.1), static_cast<int>(row.lengths.size())) << row.a << ' ' << row.b;
}

TEST(Bonds, UnknownPairsHaveNone) {
  for (const int number : {-5, 0, 2, 26, 54, 118, std::numeric_limits<int>::max()}) {
    EXPECT_EQ(bond_order(number, 6, 1.0), 0);
    EXPECT_EQ(bond_order(6, number, 1.0), 0);
  }
  EXPECT_EQ(bond_order(5, 6, 1.0), 0);
  EXPECT_EQ(bond_order(6, 6, std::nan("")), 0);
}

TEST(Bonds, AreFoundInOrderWhereverTheAtomsStand) {
  const Molecule hcn = placed_atoms({7, 1, 6}, {{0, 0, 1.156}, {0, 0, -1.066}, {0, 0, 0}});
  const std::vector<Bond> bonds = bonds_by_distance(hcn);
  ASSERT_EQ(bonds.size(), 2u);
  EXPECT_TRUE(bonds[0].a == 0 && bonds[0].b == 2 && bonds[0].order == 3);
  EXPECT_TRUE(bonds[1].a == 1 && bonds[1].b == 2 && bonds[1].order == 1);
  // The walk along x finds what all pairs have.
  std::mt19937 random(3);
  std::uniform_real_distribution<double> place(-4, 4);
  Molecule cloud;
  for (int i = 0; i < 80; ++i) {
    cloud.number.push_back(std::vector<int>{1, 6, 7, 8, 9, 16, 53}[random() % 7]);
    cloud.position.push_back({place(random), place(random), place(random)});
  }
  const std::vector<Bond> found = bonds_by_distance(cloud);
  size_t at = 0;
  for (size_t a = 0; a < 80; ++a)
    for (size_t b = a + 1; b < 80; ++b) {
      const auto &p = cloud.position[a], &q = cloud.position[b];
      const double distance =
          std::sqrt(std::pow(p[0] - q[0], 2) + std::pow(p[1] - q[1], 2) + std::pow(p[2] - q[2], 2));
      const int order = bond_order(cloud.number[a], cloud.number[b], distance);
      if (order == 0) continue;
      ASSERT_LT(at, found.size());
      EXPECT_EQ(found[at].a, static_cast<int64_t>(a));
      EXPECT_EQ(found[at].b, static_cast<int64_t>(b));
      EXPECT_EQ(found[at++].order, order);
    }
  EXPECT_EQ(at, found.size());
}

TEST(Stability, OfSmallMoleculesIsWhatChemistrySays) {
  const Molecule water = placed_atoms({8, 1, 1}, {{0, 0, 0}, {0.757, 0.587, 0}, {-0.757, 0.587, 0}});
  const Molecule hcn = placed_atoms({1, 6, 7}, {{0, 0, -1.066}, {0, 0, 0}, {0, 0, 1.156}});
  const Molecule carbon_dioxide = placed_atoms({8, 6, 8}, {{-1.16, 0, 0}, {0, 0, 0}, {1.16, 0, 0}});
  for (const Molecule& molecule :
       {methane_in_space(), water, hcn, carbon_dioxide, ring_by_turns(1.34, 1.47)}) {
    const Stability found = stability(molecule);
    EXPECT_TRUE(found.molecule) << molecule.size();
    EXPECT_EQ(found.stable_atoms, found.atoms);
    EXPECT_EQ(found.atoms, molecule.size());
  }
  const Stability alike = stability(ring_by_turns(1.395, 1.395));
  EXPECT_FALSE(alike.molecule);
  EXPECT_EQ(alike.stable_atoms, 6);
}

TEST(Stability, IsLostWithAnAtom) {
  Molecule molecule = methane_in_space();
  molecule.number.pop_back();
  molecule.position.pop_back();
  const Stability found = stability(molecule);
  EXPECT_EQ(found.atoms, 4);
  EXPECT_EQ(found.stable_atoms, 3);
  EXPECT_FALSE(found.molecule);
  EXPECT_FALSE(stability({}).molecule);
  EXPECT_EQ(stability({}).atoms, 0);
  molecule = methane_in_space();
  molecule.position[2][1] = std::nan("");
  EXPECT_EQ(stability(molecule).stable_atoms, 3);
}

TEST(Stability, KnowsSeveralValencesOfSulfurAndPhosphorus) {
  const Molecule hydrogen_sulfide = placed_atoms({16, 1, 1}, {{0, 0, 0}, {1.34, 0, 0}, {0, 1.34, 0}});
  EXPECT_TRUE(stability(hydrogen_sulfide).molecule);
  const Molecule phosphine =
      placed_atoms({15, 1, 1, 1}, {{0, 0, 0}, {1.42, 0, 0}, {0, 1.42, 0}, {0, 0, 1.42}});
  EXPECT_TRUE(stability(phosphine).molecule);
}

TEST(Fragments, AreNumberedByTheirFirstAtoms) {
  const Molecule molecule = bound_atoms({6, 1, 8, 6, 1, 6}, {{0, 3, 1}, {1, 2, 1}, {3, 5, 2}});
  EXPECT_EQ(fragment_of(molecule, molecule.bonds), (std::vector<int64_t>{0, 1, 1, 0, 2, 0}));
  EXPECT_EQ(fragment_of(molecule, {}), (std::vector<int64_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_TRUE(fragment_of({}, {}).empty());
}

TEST(Fragments, TheLargestKeepsItsBondsAndCharges) {
  Molecule molecule = bound_atoms({1, 6, 8, 7, 1, 6}, {{0, 4, 1}, {1, 3, 1}, {3, 5, 2}});
  molecule.charge = {0, 1, 2, 3, 4, 5};
  molecule.title = "three parts";
  const Molecule part = largest_fragment(molecule);
  EXPECT_EQ(part.number, (std::vector<int>{6, 7, 6}));
  EXPECT_EQ(part.charge, (std::vector<int>{1, 3, 5}));
  EXPECT_EQ(part.title, "three parts");
  ASSERT_EQ(part.bonds.size(), 2u);
  EXPECT_TRUE(part.bonds[1].a == 1 && part.bonds[1].b == 2 && part.bonds[1].order == 2);
  // Of two alike in size the one with the first atom.
  EXPECT_EQ(largest_fragment(bound_atoms({1, 8, 7, 6}, {{0, 3, 1}, {1, 2, 1}})).number,
            (std::vector<int>{1, 6}));
  EXPECT_EQ(largest_fragment({}).size(), 0);
}

// An atom with so many single bonds to hydrogens.
Molecule star_of(int number, int bonds) {
  Molecule molecule = bound_atoms({number}, {});
  for (int i = 1; i <= bonds; ++i) {
    molecule.number.push_back(1);
    molecule.position.push_back({});
    molecule.bonds.push_back({0, i, 1});
  }
  return molecule;
}

TEST(Validity, EndsAtTheMostBondsOfAnElement) {
  const std::vector<std::pair<int, int>> most = {{6, 4}, {7, 3},  {8, 2},  {9, 1},
                                                 {5, 3}, {15, 5}, {16, 6}, {17, 1}};
  for (const auto& [number, bonds] : most) {
    for (int i = 0; i <= bonds; ++i) EXPECT_TRUE(is_valid(star_of(number, i))) << number << ' ' << i;
    EXPECT_FALSE(is_valid(star_of(number, bonds + 1))) << number;
  }
  EXPECT_TRUE(is_valid(star_of(26, 9)));
  EXPECT_FALSE(is_valid(bound_atoms({1, 1, 1}, {{0, 1, 1}, {1, 2, 1}})));
  EXPECT_FALSE(is_valid({}));
}

TEST(Validity, OfAChargedAtomIsThatOfAsManyElectrons) {
  const auto charged = [](int number, int bonds, int charge) {
    Molecule molecule = star_of(number, bonds);
    molecule.charge.assign(molecule.number.size(), 0);
    molecule.charge[0] = charge;
    return is_valid(molecule);
  };
  EXPECT_TRUE(charged(7, 4, 1) && !charged(7, 5, 1) && !charged(7, 4, 0));
  EXPECT_TRUE(charged(8, 3, 1) && charged(8, 1, -1) && !charged(8, 2, -1));
  EXPECT_TRUE(charged(6, 3, -1) && !charged(6, 4, -1) && charged(6, 3, 1) && !charged(6, 4, 1));
  EXPECT_TRUE(charged(5, 4, -1) && charged(15, 6, -1) && !charged(1, 1, 1));
}

TEST(Validity, WritesNitroGroupsAndAzidesWithCharges) {
  // Nitromethane and methyl azide with nitrogens of five bonds.
  const Molecule nitro =
      bound_atoms({6, 7, 8, 8, 1, 1, 1}, {{0, 1, 1}, {1, 2, 2}, {1, 3, 2}, {0, 4, 1}, {0, 5, 1}, {0, 6, 1}});
  EXPECT_TRUE(is_valid(nitro));
  const Molecule azide =
      bound_atoms({6, 7, 7, 7, 1, 1, 1}, {{0, 1, 1}, {1, 2, 2}, {2, 3, 3}, {0, 4, 1}, {0, 5, 1}, {0, 6, 1}});
  EXPECT_TRUE(is_valid(azide));
  Molecule told = nitro;
  told.charge.assign(7, 0);
  EXPECT_FALSE(is_valid(told));
  EXPECT_FALSE(is_valid(star_of(7, 5)));
  EXPECT_FALSE(is_valid(star_of(7, 4)));
}

TEST(Validity, LooksAtTheLargestFragmentAlone) {
  Molecule molecule = star_of(6, 4);
  molecule.number.insert(molecule.number.end(), {9, 1, 1});
  molecule.position.resize(8);
  molecule.bonds.push_back({5, 6, 1});
  molecule.bonds.push_back({5, 7, 1});
  EXPECT_TRUE(is_valid(molecule));
}

TEST(Bonds, RefuseWhatIsNoMolecule) {
  Molecule molecule = methane_in_space();
  molecule.bonds = {{0, 5, 1}};
  EXPECT_EQ(
      refusal([&] { is_valid(molecule); }),
      "[fragments]: expected bonds between two of 5 atoms, the first before the second, but got 0 and 5");
  molecule.bonds = {{-1, 2, 1}};
  EXPECT_NE(refusal([&] { largest_fragment(molecule); }), "accepted");
  molecule.bonds = {{2, 2, 1}};
  EXPECT_NE(refusal([&] { largest_fragment(molecule); }), "accepted");
  molecule.bonds = {{0, 1, 4}};
  EXPECT_NE(refusal([&] { is_valid(molecule); }).find("order 1, 2 or 3"), std::string::npos);
  molecule.bonds = {{0, 1, 1}, {0, 2, 1}, {0, 1, 2}};
  EXPECT_NE(refusal([&] { is_valid(molecule); }).find("0 and 1 twice"), std::string::npos);
  molecule = methane_in_space();
  molecule.position.pop_back();
  EXPECT_NE(refusal([&] { stability(molecule); }).find("expected 5 positions"), std::string::npos);
  molecule = methane_in_space();
  molecule.charge = {0};
  EXPECT_NE(refusal([&] { bonds_by_distance(molecule); }).find("5 charges or none"), std::string::npos);
  EXPECT_NE(refusal([&] { fragment_of(methane_in_space(), {{0, 9, 1}}); }), "accepted");
}

TEST(Bonds, OfManyMoleculesTakeFarLessThanASecond) {
  std::mt19937 random(5);
  std::normal_distribution<double> place(0, 2);
  Molecule molecule;
  for (int i = 0; i < 29; ++i) {
    molecule.number.push_back(i < 9 ? 6 : 1);
    molecule.position.push_back({place(random), place(random), place(random)});
  }
  const auto begin = std::chrono::steady_clock::now();
  int64_t stable = 0;
  for (int i = 0; i < 10000; ++i) stable += stability(molecule).stable_atoms;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(stable, 0);
  EXPECT_LT(seconds.count(), 5);  // about 0.05 by itself; sanitizers and busy machines take longer
}

}  // namespace
}  // namespace steer
