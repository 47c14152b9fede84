#include "steer/molecule/sdf.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <random>
#include <string>
#include <tuple>
#include <utility>

#include "steer/molecule/elements.h"
#include "steer/molecule/molecule_files.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

constexpr char kSdfWater[] =
    "water\n"
    "  made by hand\n"
    "\n"
    "  3  2  0  0  0  0  0  0  0  0999 V2000\n"
    "    0.0000    0.0000    0.1000 O   0  0  0  0  0  0  0  0  0  0  0  0\n"
    "    0.0000    0.7500   -0.5000 H   0  0  0  0  0  0  0  0  0  0  0  0\n"
    "    0.0000   -0.7500   -0.5000 H   0  0  0  0  0  0  0  0  0  0  0  0\n"
    "  1  2  1  0  0  0  0\n"
    "  3  1  1  0  0  0  0\n"
    "M  END\n"
    "$$$$\n";

std::vector<Molecule> from_sdf(const std::string& text) {
  return molecules_from_sdf(text, "a.sdf");
}

std::string sdf_refusal(const std::string& text) {
  return refusal([&] { from_sdf(text); });
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

void expect_sdf_water(const Molecule& molecule) {
  EXPECT_EQ(molecule.number, (std::vector<int>{8, 1, 1}));
  const std::vector<std::array<double, 3>> places = {{0, 0, 0.1}, {0, 0.75, -0.5}, {0, -0.75, -0.5}};
  EXPECT_EQ(molecule.position, places);
  EXPECT_TRUE(molecule.charge.empty());
  ASSERT_EQ(molecule.bonds.size(), 2u);
  EXPECT_EQ(molecule.bonds[0].b, 1);
  EXPECT_EQ(molecule.bonds[1].a, 0);
  EXPECT_EQ(molecule.bonds[1].b, 2);
  EXPECT_EQ(molecule.bonds[1].order, 1);
}

TEST(Sdf, ReadsOneAndMany) {
  const std::string one = kSdfWater, mol = one.substr(0, one.find("$$$$"));
  const std::string fields = mol + "> <energy>\n-76.4\n\n>  <note>\nM  CHG  1   1   1\n\n$$$$\n";
  for (const std::string& text : {one, mol, one + one, fields + mol, one + one + "\n \n"})
    for (const Molecule& molecule : from_sdf(text)) {
      expect_sdf_water(molecule);
      EXPECT_EQ(molecule.title, "water");
    }
  EXPECT_EQ(from_sdf(one + one + "\n").size(), 2u);
  EXPECT_EQ(from_sdf(fields + fields + mol).size(), 3u);
}

TEST(Sdf, ReadsWhatOthersWrite) {
  const std::string one = kSdfWater;
  std::string windows;
  for (const char letter : one) windows += letter == '\n' ? "\r\n" : std::string(1, letter);
  expect_sdf_water(from_sdf(windows)[0]);
  EXPECT_EQ(from_sdf(windows)[0].title, "water");
  // A head of fewer lines, and one whose title looks like counts.
  const std::string table = one.substr(one.find("  3  2"));
  for (const char* head : {"", "water\n", "water\n\n", "  9  9 V2000\n\n\n", "\n\n\n"}) {
    expect_sdf_water(from_sdf(head + table + head + table)[1]);
    expect_sdf_water(from_sdf(head + table)[0]);
  }
  expect_sdf_water(from_sdf("\xEF\xBB\xBF" + table)[0]);
  // Numbers outside of their columns.
  expect_sdf_water(from_sdf(
      "water\n\n\n3 2 0 V2000\n0 0 .1 O\n0.0 0.75 -0.5 h 0 0\n 0.0 -0.75 -5e-1 D 0\n1 2 1\n3 1 1 0\nM  END\n")
                       [0]);
  // Columns that touch.
  const Molecule far = from_sdf(
      "\n\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n-1000.0001-2000.0002 3000.0003 Cl  0  0\nM  END\n")[0];
  EXPECT_EQ(far.position[0], (std::array<double, 3>{-1000.0001, -2000.0002, 3000.0003}));
  EXPECT_EQ(far.number[0], 17);
}

TEST(Sdf, ReadsChargesOfAtomsAndOfLines) {
  const std::string one = kSdfWater;
  for (int code = 0; code <= 7; ++code) {
    const std::string text = replaced(one, "O   0  0", "O   0  " + std::to_string(code));
    const std::vector<int> told = {4 - code, 0, 0};
    EXPECT_EQ(from_sdf(text)[0].charge, code == 0 || code == 4 ? std::vector<int>() : told) << code;
    // M  CHG and M  RAD take the place of all of them.
    EXPECT_EQ(from_sdf(replaced(text, "M  END", "M  CHG  2   2  -1   3  15\nM  END"))[0].charge,
              (std::vector<int>{0, -1, 15}));
    EXPECT_EQ(from_sdf(replaced(text, "M  END", "M  CHG  1   1   1\nM  CHG  1   2  -2\nM  END"))[0].charge,
              (std::vector<int>{1, -2, 0}));
    EXPECT_EQ(from_sdf(replaced(text, "M  END", "M  RAD  1   1   2\nM  END"))[0].charge,
              (std::vector<int>{0, 0, 0}));
  }
  EXPECT_NE(sdf_refusal(replaced(one, "O   0  0", "O   0  8")).find("line 5"), std::string::npos);
  for (const char* line : {"M  CHG", "M  CHG  2   1   1", "M  CHG  1   4   1", "M  CHG  1   0   1",
                           "M  CHG  1   1  16", "M  CHG  1   1   x", "M  CHG -1"})
    EXPECT_NE(sdf_refusal(replaced(one, "M  END", std::string(line) + "\nM  END")).find("line 10: expected"),
              std::string::npos)
        << line;
}

TEST(Sdf, RefusesWhatIsNoMolecule) {
  const std::string one = kSdfWater;
  EXPECT_EQ(sdf_refusal(one.substr(0, one.find("M  END"))),
            "[read] a.sdf: line 10: expected M  END but the file ends");
  EXPECT_EQ(sdf_refusal(replaced(one, "M  END\n", "")),
            "[read] a.sdf: line 10: expected M  END before the end of a molecule but got \"$$$$\"");
  EXPECT_NE(sdf_refusal(replaced(one, "V2000", "V3000")).find("version V2000 but got"), std::string::npos);
  EXPECT_NE(sdf_refusal(replaced(one, "V2000", "     ")).find("counts of atoms and bonds"),
            std::string::npos);
  EXPECT_NE(sdf_refusal(replaced(one, "  3  2", "  0  0")).find("1 to 999"), std::string::npos);
  EXPECT_NE(sdf_refusal(replaced(one, "  3  2", "999999")).find("expected"), std::string::npos);
  EXPECT_EQ(sdf_refusal(replaced(one, "  3  2", "  2  2")),
            "[read] a.sdf: line 7: expected a bond, two atoms and its type, but got "
            "\"    0.0000   -0.7500   -0.5000 H   0  0  0  0  0  0  0  0  0\"");
  EXPECT_NE(sdf_refusal(replaced(one, " O  ", " Q  ")).find("line 5: expected an atom with the symbol"),
            std::string::npos);
  EXPECT_NE(sdf_refusal(replaced(one, " O  ", " 8  ")).find("line 5"), std::string::npos);
  EXPECT_NE(sdf_refusal(replaced(one, "0.1000", "   nan")).find("got \"nan\""), std::string::npos);
  EXPECT_NE(sdf_refusal(replaced(one, "0.1000", " 1.0e7")).find("1000000 Angstrom"), std::string::npos);
  EXPECT_NE(sdf_refusal(replaced(one, "  1  2  1", "  1  4  1")).find("between two of 3 atoms"),
            std::string::npos);
  EXPECT_NE(sdf_refusal(replaced(one, "  1  2  1", "  2  2  1")).find("line 8"), std::string::npos);
  EXPECT_NE(sdf_refusal(replaced(one, "  1  2  1", "  1  2  8")).find("type 1, 2, 3 or 4"),
            std::string::npos);
  EXPECT_NE(sdf_refusal(replaced(one, "  1  2  1", "  1  3  1")).find("line 9"), std::string::npos);
  EXPECT_NE(sdf_refusal("").find("at least one molecule"), std::string::npos);
  EXPECT_NE(sdf_refusal("a\nb\n").find("line 2: expected a line with counts"), std::string::npos);
}

// A ring of these elements with aromatic bonds, an atom for each letter; a small letter has a hydrogen.
struct Ring {
  std::vector<int> number, charge;
  std::vector<Bond> bonds;
};

void bind(Ring& ring, int64_t a, int64_t b, int order) {
  ring.bonds.push_back({std::min(a, b), std::max(a, b), order});
}

Ring ring_of(const std::string& letters) {
  Ring ring;
  const auto size = static_cast<int64_t>(letters.size());
  for (const char letter : letters) ring.number.push_back(atomic_number(std::string(1, letter)));
  for (int64_t i = 0; i < size; ++i) bind(ring, i, (i + 1) % size, kAromaticOrder);
  for (int64_t i = 0; i < size; ++i) {
    if (!std::islower(letters[static_cast<size_t>(i)])) continue;
    bind(ring, i, static_cast<int64_t>(ring.number.size()), 1);
    ring.number.push_back(1);
  }
  ring.charge.assign(ring.number.size(), 0);
  return ring;
}

// How many double bonds the ring has then, -1 for none that fit; no atom has two.
int doubles(const Ring& ring) {
  const KekuleBonds kekule = kekule_bonds(ring.number, ring.charge, ring.bonds);
  if (kekule.failed >= 0) return -1;
  std::vector<int> seen(ring.number.size());
  int count = 0;
  EXPECT_EQ(kekule.bonds.size(), ring.bonds.size());
  for (size_t i = 0; i < ring.bonds.size(); ++i) {
    EXPECT_EQ(kekule.bonds[i].a, ring.bonds[i].a);
    if (ring.bonds[i].order != kAromaticOrder) {
      EXPECT_EQ(kekule.bonds[i].order, ring.bonds[i].order);
      continue;
    }
    EXPECT_TRUE(kekule.bonds[i].order == 1 || kekule.bonds[i].order == 2);
    if (kekule.bonds[i].order == 1) continue;
    ++count;
    for (const int64_t atom : {ring.bonds[i].a, ring.bonds[i].b})
      EXPECT_EQ(++seen[static_cast<size_t>(atom)], 1);
  }
  return count;
}

TEST(Sdf, AromaticRingsAlternate) {
  for (const auto& [letters, count] : {std::pair<const char*, int>{"cccccc", 3},
                                       {"CCCCCC", 3},
                                       {"cccccN", 3},
                                       {"cNcNcc", 3},
                                       {"NNNNNN", 3},
                                       {"ccccn", 2},
                                       {"CCCCN", 2},
                                       {"ccccO", 2},
                                       {"ccccS", 2},
                                       {"cnccN", 2},
                                       {"CNCCN", 2},
                                       {"cOccN", 2},
                                       {"nNNNc", 2},
                                       {"ccccc", -1},
                                       {"CCCCCCC", -1},
                                       {"cccccn", -1},
                                       {"cccccO", -1},
                                       {"ccccccccccN", 5}})
    EXPECT_EQ(doubles(ring_of(letters)), count) << letters;
}

TEST(Sdf, ChargesDecideWhoTakesADoubleBond) {
  for (const auto& [letters, charge, count] : {std::tuple<const char*, int, int>{"ccccc", -1, 2},
                                               {"CCCCC", -1, 2},
                                               {"ccccccc", 1, 3},
                                               {"nccccc", 1, 3},
                                               {"Occccc", 1, 3},
                                               {"Scccc", 0, 2},
                                               {"Ncccc", -1, 2},
                                               {"nccnc", 1, 2},
                                               {"Occccc", 0, -1}}) {
    Ring ring = ring_of(letters);
    ring.charge[0] = charge;
    EXPECT_EQ(doubles(ring), count) << letters;
  }
}

TEST(Sdf, BondsOutsideOfARingCount) {
  Ring pyridone = ring_of("Cccccn");  // C=O beside N-H
  bind(pyridone, 0, static_cast<int64_t>(pyridone.number.size()), 2);
  pyridone.number.push_back(8), pyridone.charge.push_back(0);
  EXPECT_EQ(doubles(pyridone), 2);
  Ring oxide = ring_of("Nccccc");  // N=O in pyridine's ring, five bonds of N
  bind(oxide, 0, static_cast<int64_t>(oxide.number.size()), 2);
  oxide.number.push_back(8), oxide.charge.push_back(0);
  EXPECT_EQ(doubles(oxide), 3);
  oxide.bonds.back().order = 1, oxide.charge[0] = 1, oxide.charge.back() = -1;
  EXPECT_EQ(doubles(oxide), 3);
  // Naphthalene and azulene: rings that share a bond, and a chord that makes odd rings.
  for (const int64_t to : {5, 4, 6}) {
    Ring fused = ring_of("CCCCCCCCCC");
    bind(fused, 0, to, kAromaticOrder);
    EXPECT_EQ(doubles(fused), 5) << to;
  }
}

// The most atoms that a matching covers if it covers all that must, -1 if none does, by trying all.
int most_covered(const Ring& ring, const std::vector<bool>& must, size_t bond, std::vector<bool>& covered) {
  if (bond == ring.bonds.size()) {
    for (size_t i = 0; i < must.size(); ++i)
      if (must[i] && !covered[i]) return -1;
    return static_cast<int>(std::count(covered.begin(), covered.end(), true));
  }
  int most = most_covered(ring, must, bond + 1, covered);
  const size_t a = static_cast<size_t>(ring.bonds[bond].a), b = static_cast<size_t>(ring.bonds[bond].b);
  if (covered[a] || covered[b]) return most;
  covered[a] = covered[b] = true;
  most = std::max(most, most_covered(ring, must, bond + 1, covered));
  covered[a] = covered[b] = false;
  return most;
}

TEST(Sdf, MatchesAsManyAtomsAsTryingAllWaysDoes) {
  std::mt19937 random(3);
  int possible = 0, impossible = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    const size_t atoms = 3 + random() % 9;
    Ring graph;
    graph.number.assign(atoms, 6), graph.charge.assign(atoms, 0);
    std::vector<size_t> degree(atoms);
    std::vector<std::vector<bool>> bound(atoms, std::vector<bool>(atoms));
    for (size_t i = 0; i < 2 * atoms; ++i) {
      const size_t a = random() % atoms, b = random() % atoms;
      if (a == b || bound[a][b] || degree[a] == 3 || degree[b] == 3) continue;
      bound[a][b] = bound[b][a] = true;
      ++degree[a], ++degree[b];
      bind(graph, static_cast<int64_t>(a), static_cast<int64_t>(b), kAromaticOrder);
    }
    std::vector<bool> must(atoms), covered(atoms);
    for (size_t i = 0; i < atoms; ++i) {
      if (degree[i] < 3 && random() % 2) graph.number[i] = 7;
      must[i] = degree[i] > 0 && graph.number[i] == 6;
    }
    const int most = most_covered(graph, must, 0, covered);
    EXPECT_EQ(doubles(graph), most < 0 ? -1 : most / 2) << trial;
    ++(most < 0 ? impossible : possible);
  }
  EXPECT_GT(std::min(possible, impossible), 200);
}

TEST(Sdf, ReadsAromaticBondsOrSaysWhichAtomFails) {
  std::string ring = "r\n\n\n  6  6  0  0  0  0  0  0  0  0999 V2000\n";
  for (int i = 0; i < 6; ++i) ring += "    0.0000    0.0000    0.0000 C   0  0\n";
  for (int i = 1; i < 6; ++i) ring += "  " + std::to_string(i) + "  " + std::to_string(i + 1) + "  4\n";
  ring += "  6  1  4\nM  END\n";
  int sum = 0;
  const Molecule benzene = from_sdf(ring)[0];
  for (const Bond& bond : benzene.bonds) sum += bond.order;
  EXPECT_EQ(sum, 9);
  const std::string odd = replaced(ring, "  6  1  4\n", "  5  1  4\n");
  EXPECT_EQ(
      sdf_refusal(replaced(odd, "  5  6  4\n", "  5  6  1\n")),
      "[read] a.sdf: line 9: expected aromatic bonds with single and double ones in turn but got an atom "
      "5 (C) left without its double bond");
}

TEST(Sdf, WhatIsWrittenComesBackToThePrintedDigits) {
  std::mt19937 random(2);
  std::uniform_real_distribution<double> place(-90, 90);
  std::vector<Molecule> molecules(25);
  for (size_t i = 0; i < molecules.size(); ++i) {
    Molecule& molecule = molecules[i];
    molecule.title = i % 4 ? "molecule " + std::to_string(i) : "";
    for (size_t k = 0; k <= 5 * i; ++k) {
      molecule.number.push_back(static_cast<int>(1 + random() % kLastElement));
      molecule.position.push_back({place(random), 100 * place(random), 1e-6 * place(random)});
      if (i % 3) molecule.charge.push_back(random() % 2 ? static_cast<int>(random() % 31) - 15 : 0);
      if (k > 0)
        molecule.bonds.push_back({static_cast<int64_t>(random() % k), static_cast<int64_t>(k),
                                  static_cast<int>(1 + random() % 3)});
    }
    if (i % 3) molecule.charge[0] = 1;
  }
  const std::string text = sdf_text(molecules);
  const auto back = from_sdf(text);
  ASSERT_EQ(back.size(), molecules.size());
  for (size_t i = 0; i < molecules.size(); ++i) {
    EXPECT_EQ(back[i].title, molecules[i].title);
    EXPECT_EQ(back[i].number, molecules[i].number);
    EXPECT_EQ(back[i].charge, molecules[i].charge);
    for (size_t k = 0; k < molecules[i].number.size(); ++k)
      for (size_t axis = 0; axis < 3; ++axis)
        EXPECT_EQ(back[i].position[k][axis], std::stod(fixed_text(molecules[i].position[k][axis], 4)));
    ASSERT_EQ(back[i].bonds.size(), molecules[i].bonds.size());
    for (size_t k = 0; k < back[i].bonds.size(); ++k) {
      EXPECT_EQ(back[i].bonds[k].a, molecules[i].bonds[k].a);
      EXPECT_EQ(back[i].bonds[k].b, molecules[i].bonds[k].b);
      EXPECT_EQ(back[i].bonds[k].order, molecules[i].bonds[k].order);
    }
  }
  EXPECT_EQ(sdf_text(back), text);
}

TEST(Sdf, WritesTheColumnsOfTheFormat) {
  Molecule ion;
  ion.title = "$$$$\nion";
  ion.number = {17, 1};
  ion.position = {{-1.5, 99999.9999, 0}, {0, -9999.9999, 2}};
  ion.charge = {-1, 0};
  ion.bonds = {{0, 1, 1}};
  EXPECT_EQ(sdf_text({ion}),
            " $$$$ ion\n"
            "  steer             3D\n"
            "\n"
            "  2  1  0  0  0  0  0  0  0  0999 V2000\n"
            "   -1.500099999.9999    0.0000 Cl  0  0  0  0  0  0  0  0  0  0  0  0\n"
            "    0.0000-9999.9999    2.0000 H   0  0  0  0  0  0  0  0  0  0  0  0\n"
            "  1  2  1  0  0  0  0\n"
            "M  CHG  1   1  -1\n"
            "M  END\n"
            "$$$$\n");
  EXPECT_EQ(from_sdf(sdf_text({ion}))[0].position, ion.position);
}

TEST(Sdf, RefusesToWriteWhatTheFormatCannotHold) {
  Molecule many;
  many.number.assign(999, 2);
  many.position.assign(999, {0, 0, 0});
  EXPECT_EQ(from_sdf(sdf_text({many}))[0].size(), 999);
  many.number.push_back(2);
  many.position.push_back({0, 0, 0});
  EXPECT_NE(refusal([&] { sdf_text({many}); }).find("at most 999 atoms"), std::string::npos);
  Molecule atom;
  atom.number = {6};
  atom.position = {{1e5, 0, 0}};
  EXPECT_NE(refusal([&] { sdf_text({atom}); }).find("99999.9999"), std::string::npos);
  atom.position = {{-1e4, 0, 0}};
  EXPECT_NE(refusal([&] { sdf_text({atom}); }).find("-10000.0000"), std::string::npos);
  atom.position = {{0, 0, 0}};
  atom.charge = {16};
  EXPECT_NE(refusal([&] { sdf_text({atom}); }).find("-15 to 15"), std::string::npos);
  atom.charge = {};
  atom.bonds = {{0, 0, 1}};
  EXPECT_NE(refusal([&] { sdf_text({atom}); }).find("[sdf_text] molecule 1"), std::string::npos);
}

}  // namespace
}  // namespace steer
