#include "steer/molecule/pdb.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <tuple>
#include <utility>

#include "steer/molecule/elements.h"
#include "steer/molecule/molecule_files.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

// An atom with this serial, name and end of the line from column 67 on.
std::string atom_line(const std::string& serial, const std::string& name, const std::string& place,
                      const std::string& end = "") {
  return "ATOM  " + right_aligned(serial, 5) + " " + name + " ALA A   1    " + place + "  1.00  0.00" + end +
         "\n";
}

constexpr char kPlace[] = "   1.000   2.000  -3.500";

std::string element_end(const std::string& element) {
  return "          " + element;
}

std::vector<Molecule> from_pdb(const std::string& text) {
  return molecules_from_pdb(text, "a.pdb");
}

std::string pdb_refusal(const std::string& text) {
  return refusal([&] { from_pdb(text); });
}

TEST(Pdb, ElementsComeFromTheirColumnsOrFromNames) {
  for (const auto& [name, end, number] : {std::tuple<const char*, const char*, int>{" CA ", "", 6},
                                          {"CA  ", "", 20},
                                          {" N  ", "", 7},
                                          {"FE  ", "", 26},
                                          {"HG11", "", 1},
                                          {"HG  ", "", 80},
                                          {"1HB ", "", 1},
                                          {" HB1", "", 1},
                                          {"C1  ", "", 6},
                                          {"N   ", "", 7},
                                          {"CL1 ", "", 17},
                                          {"  C1", "", 6},
                                          {" D  ", "", 1},
                                          {"OXT ", "", 8},
                                          {" CA ", " C", 6},
                                          {" CA ", "CA", 20},
                                          {" X1 ", "BR", 35},
                                          {" C1 ", "Cl", 17},
                                          {" CA ", "12", 6},
                                          {" CA ", "C ", 6}}) {
    const auto molecules = from_pdb(atom_line("1", name, kPlace, element_end(end)));
    ASSERT_EQ(molecules.size(), 1u);
    EXPECT_EQ(molecules[0].number, std::vector<int>{number}) << name << "|" << end;
    EXPECT_EQ(molecules[0].position[0], (std::array<double, 3>{1, 2, -3.5}));
    EXPECT_TRUE(molecules[0].charge.empty());
  }
  EXPECT_NE(pdb_refusal(atom_line("1", " X1 ", kPlace)).find("line 1: expected an element"),
            std::string::npos);
  EXPECT_NE(pdb_refusal(atom_line("1", "    ", kPlace)).find("line 1: expected an element"),
            std::string::npos);
}

TEST(Pdb, ReadsChargesWhereAnyIsTold) {
  const auto text = [](const char* charge) {
    return atom_line("1", " C1 ", kPlace, element_end(" C")) +
           atom_line("2", " N1 ", kPlace, element_end(std::string(" N") + charge)) +
           atom_line("3", " O1 ", kPlace, element_end(" O  "));
  };
  EXPECT_EQ(from_pdb(text("1+"))[0].charge, (std::vector<int>{0, 1, 0}));
  EXPECT_EQ(from_pdb(text("2-"))[0].charge, (std::vector<int>{0, -2, 0}));
  EXPECT_EQ(from_pdb(text("+3"))[0].charge, (std::vector<int>{0, 3, 0}));
  EXPECT_EQ(from_pdb(text(" 0"))[0].charge, (std::vector<int>{0, 0, 0}));
  EXPECT_TRUE(from_pdb(text("  "))[0].charge.empty());
  for (const char* charge : {"1", "++", "12", "x+"})
    EXPECT_NE(pdb_refusal(text(charge)).find("line 2: expected a charge like 1+"), std::string::npos)
        << charge;
}

std::string three_atoms() {
  return atom_line("7", " C1 ", kPlace) + atom_line("8", " C2 ", kPlace) + atom_line("A0000", " O1 ", kPlace);
}

void expect_bonds(const Molecule& molecule, const std::vector<std::array<int64_t, 3>>& bonds) {
  ASSERT_EQ(molecule.bonds.size(), bonds.size());
  for (size_t i = 0; i < bonds.size(); ++i) {
    EXPECT_EQ(molecule.bonds[i].a, bonds[i][0]);
    EXPECT_EQ(molecule.bonds[i].b, bonds[i][1]);
    EXPECT_EQ(molecule.bonds[i].order, bonds[i][2]);
  }
}

TEST(Pdb, RepeatedConectIsAMultipleBond) {
  expect_bonds(
      from_pdb(three_atoms() + "CONECT    7    8\nCONECT    8    7A0000A0000\nCONECTA0000    8    8\n")[0],
      {{0, 1, 1}, {1, 2, 2}});
  expect_bonds(from_pdb(three_atoms() + "CONECT    7    8\nCONECT    7    8    8\n")[0], {{0, 1, 3}});
  expect_bonds(from_pdb(three_atoms() + "CONECT    7   99\nCONECT   99    8\nEND\n")[0], {});
  EXPECT_NE(pdb_refusal(three_atoms() + "CONECT    7    8    8    8    8\n").find("line 4: expected bonds"),
            std::string::npos);
  EXPECT_NE(pdb_refusal(three_atoms() + "CONECT    7    7\n").find("between two atoms"), std::string::npos);
  EXPECT_NE(pdb_refusal(three_atoms() + "CONECT\n").find("columns 7 to 11"), std::string::npos);
  EXPECT_NE(pdb_refusal(three_atoms() + three_atoms() + "CONECT    7    8\n").find("number of their own"),
            std::string::npos);
  std::string many;
  for (int i = 10; i < 40; ++i) many += "CONECT    7   " + std::to_string(i) + "\n";
  EXPECT_NE(pdb_refusal(three_atoms() + many).find("at most 24 bonds"), std::string::npos);
}

TEST(Pdb, ModelsAreMolecules) {
  const std::string model = "MODEL        1\n" + three_atoms() + "TER\nENDMDL\n";
  const auto both = from_pdb("HEADER    X\nTITLE     TWO OF\nTITLE    2 THEM \n" + model + model +
                             "CONECT    7    8\nMASTER\nEND   \n");
  ASSERT_EQ(both.size(), 2u);
  for (const Molecule& molecule : both) {
    EXPECT_EQ(molecule.title, "TWO OF THEM");
    EXPECT_EQ(molecule.size(), 3);
    expect_bonds(molecule, {{0, 1, 1}});
  }
  const auto own = from_pdb("MODEL\nTITLE     a\n" + three_atoms() + "CONECT    7    8\nENDMDL\n" + model +
                            "COMPND    c\nEND\n" + three_atoms() + "END\n\n");
  ASSERT_EQ(own.size(), 3u);
  EXPECT_EQ(own[0].title, "a");
  EXPECT_EQ(own[1].title, "c");
  EXPECT_EQ(own[2].title, "");
  expect_bonds(own[0], {{0, 1, 1}});
  expect_bonds(own[1], {});
  expect_bonds(own[2], {});
}

TEST(Pdb, TakesTheFirstOfAlternateLocations) {
  std::string first = atom_line("1", " CA ", kPlace), second = atom_line("2", " CA ", kPlace);
  first[16] = 'B', second[16] = 'A';
  const std::string other = atom_line("3", " CB ", kPlace);
  const auto molecules = from_pdb(first + second + other + "CONECT    3    1    2\n");
  EXPECT_EQ(molecules[0].size(), 2);
  expect_bonds(molecules[0], {{0, 1, 1}});
}

TEST(Pdb, RefusesWhatIsNoMolecule) {
  EXPECT_NE(pdb_refusal("HEADER\nEND\n").find("at least one molecule"), std::string::npos);
  EXPECT_NE(pdb_refusal("").find("at least one molecule"), std::string::npos);
  EXPECT_NE(pdb_refusal("MODEL\nENDMDL\n").find("line 2: expected a model with atoms"), std::string::npos);
  EXPECT_NE(pdb_refusal("MODEL\n" + three_atoms()).find("line 4: expected ENDMDL"), std::string::npos);
  EXPECT_NE(pdb_refusal("MODEL\n" + three_atoms() + "MODEL\n").find("before another MODEL"),
            std::string::npos);
  EXPECT_NE(pdb_refusal("ATOM      1  C   ALA A   1       1.000\n").find("columns 31 to 54"),
            std::string::npos);
  for (const char* place :
       {"     nan   2.000   3.000", "   1.000     inf   3.000", "   1.000   2.000        ",
        "   1.000  2.0 00   3.000", "   1.000   2.000   1.0e7"})
    EXPECT_NE(pdb_refusal(atom_line("1", " C  ", place)).find("line 1: expected a coordinate"),
              std::string::npos)
        << place;
}

TEST(Pdb, ReadsCarriageReturns) {
  std::string windows;
  for (const char letter : "TITLE     t\n" + three_atoms() + "CONECT    7    8\nEND\n")
    windows += letter == '\n' ? "\r\n" : std::string(1, letter);
  const auto molecules = from_pdb(windows);
  ASSERT_EQ(molecules.size(), 1u);
  EXPECT_EQ(molecules[0].title, "t");
  expect_bonds(molecules[0], {{0, 1, 1}});
}

std::vector<Molecule> random_molecules(size_t count) {
  std::mt19937 random(4);
  std::uniform_real_distribution<double> place(-900, 900);
  std::vector<Molecule> molecules(count);
  for (size_t i = 0; i < count; ++i) {
    Molecule& molecule = molecules[i];
    molecule.title = i % 4 ? "molecule " + std::to_string(i) : "";
    for (size_t k = 0; k <= 40 * i; ++k) {
      molecule.number.push_back(static_cast<int>(i % 2 ? 1 + random() % 8 : 1 + random() % kLastElement));
      molecule.position.push_back({place(random), 10 + 10 * std::abs(place(random)), 1e-6 * place(random)});
      if (i % 3) molecule.charge.push_back(static_cast<int>(random() % 19) - 9);
      if (k > 0)
        molecule.bonds.push_back({static_cast<int64_t>(k - 1 - random() % std::min<size_t>(k, 4)),
                                  static_cast<int64_t>(k), static_cast<int>(1 + random() % 3)});
    }
    std::sort(molecule.bonds.begin(), molecule.bonds.end(),
              [](const Bond& a, const Bond& b) { return std::pair(a.a, a.b) < std::pair(b.a, b.b); });
    if (!molecule.charge.empty()) molecule.charge[0] = 1;
  }
  return molecules;
}

TEST(Pdb, WhatIsWrittenComesBackToThePrintedDigits) {
  for (const size_t count : {size_t{1}, size_t{12}}) {
    const auto molecules = random_molecules(count);
    const std::string text = pdb_text(molecules);
    const auto back = from_pdb(text);
    ASSERT_EQ(back.size(), molecules.size());
    for (size_t i = 0; i < molecules.size(); ++i) {
      EXPECT_EQ(back[i].title, molecules[i].title);
      EXPECT_EQ(back[i].number, molecules[i].number);
      EXPECT_EQ(back[i].charge, molecules[i].charge);
      for (size_t k = 0; k < molecules[i].number.size(); ++k)
        for (size_t axis = 0; axis < 3; ++axis)
          EXPECT_EQ(back[i].position[k][axis], std::stod(fixed_text(molecules[i].position[k][axis], 3)));
      std::vector<std::array<int64_t, 3>> bonds;
      for (const Bond& bond : molecules[i].bonds) bonds.push_back({bond.a, bond.b, bond.order});
      expect_bonds(back[i], bonds);
    }
    EXPECT_EQ(pdb_text(back), text);
  }
}

TEST(Pdb, WritesTheColumnsOfTheFormat) {
  Molecule ion;
  ion.title = "an\nion";
  ion.number = {17, 6};
  ion.position = {{-999.999, 9999.999, 0}, {0, 1.5, 2}};
  ion.charge = {-1, 0};
  ion.bonds = {{0, 1, 2}};
  EXPECT_EQ(pdb_text({ion}),
            "TITLE     an ion\n"
            "HETATM    1 CL1  UNL A   1    -999.9999999.999   0.000  1.00  0.00          CL1-\n"
            "HETATM    2  C1  UNL A   1       0.000   1.500   2.000  1.00  0.00           C\n"
            "CONECT    1    2    2\n"
            "CONECT    2    1    1\n"
            "END\n");
  EXPECT_EQ(from_pdb(pdb_text({ion}))[0].position, ion.position);
}

TEST(Pdb, LongTitlesComeBack) {
  Molecule atom;
  atom.number = {2};
  atom.position = {{0, 0, 0}};
  std::mt19937 random(5);
  for (size_t length = 1; length < 300; length += 7) {
    atom.title = "x";
    while (atom.title.size() + 1 < length) atom.title += random() % 5 ? 'a' : ' ';
    atom.title += "x";
    EXPECT_EQ(from_pdb(pdb_text({atom}))[0].title, atom.title);
  }
}

TEST(Pdb, RefusesToWriteWhatTheFormatCannotHold) {
  Molecule atom;
  atom.number = {6};
  for (const double x : {-1000.0, 10000.0, 9999.9996}) {
    atom.position = {{x, 0, 0}};
    EXPECT_NE(refusal([&] { pdb_text({atom}); }).find("-999.999 to 9999.999"), std::string::npos) << x;
  }
  atom.position = {{0, 0, 0}};
  atom.charge = {10};
  EXPECT_NE(refusal([&] { pdb_text({atom}); }).find("-9 to 9"), std::string::npos);
  Molecule star;
  for (int64_t i = 0; i < 26; ++i) {
    star.number.push_back(1);
    star.position.push_back({0, 0, 0});
    if (i > 0) star.bonds.push_back({0, i, 1});
  }
  EXPECT_NE(refusal([&] { pdb_text({star}); }).find("at most 24 bonds"), std::string::npos);
  star.number.pop_back(), star.position.pop_back(), star.bonds.pop_back();
  EXPECT_EQ(from_pdb(pdb_text({star}))[0].bonds.size(), 24u);
}

}  // namespace
}  // namespace steer
