#include "steer/molecule/xyz.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "steer/molecule/elements.h"
#include "steer/molecule/molecule_files.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

// Methane as a file of QM9 has it.
constexpr char kQm9Methane[] =
    "5\n"
    "gdb 1\t157.7118\t157.70997\t157.70699\t0.\t13.21\t-0.3877\t0.1171\t0.5048\t35.3641\t0.044749\t\n"
    "C\t-0.0126981359\t 1.0858041578\t 0.0080009958\t-0.535689\n"
    "H\t 0.002150416\t-0.0060313176\t 0.0019761204\t 0.133921\n"
    "H\t 1.0117308433\t 1.4637511618\t 2.765748*^-4\t 0.133922\n"
    "H\t-0.540815069\t 1.4475266138\t-8.766437*^-1\t 0.133923\n"
    "H\t-0.5238136345\t 1.4379326443\t 0.9063972942\t 0.133923\n"
    "1341.307\t1341.3284\t1341.365\t1562.6731\t1562.7453\t3038.3205\t3151.6034\t3151.6788\t3151.7078\n"
    "C\tC\t\n"
    "InChI=1S/CH4/h1H4\tInChI=1S/CH4/h1H4\n";

std::vector<Molecule> from_xyz(const std::string& text) {
  return molecules_from_xyz(text, "a.xyz");
}

std::string xyz_refusal(const std::string& text) {
  return refusal([&] { from_xyz(text); });
}

void expect_water(const std::vector<Molecule>& molecules, const std::string& text) {
  ASSERT_EQ(molecules.size(), 1u) << text;
  EXPECT_EQ(molecules[0].number, (std::vector<int>{8, 1, 1})) << text;
  const std::vector<std::array<double, 3>> places = {{0, 0, 0.1}, {0, 0.75, -0.5}, {0, -0.75, -0.5}};
  EXPECT_EQ(molecules[0].position, places) << text;
  EXPECT_TRUE(molecules[0].charge.empty() && molecules[0].bonds.empty());
}

TEST(Xyz, ReadsPlainFramesAsOthersWriteThem) {
  for (const char* text : {"3\nwater\nO 0 0 0.1\nH 0 0.75 -0.5\nH 0 -0.75 -0.5\n",
                           "\n  3 \r\nwater\r\n  o\t0. 0 1e-1\r\nH 0 .75 -.5 0.1 7\r\nh 0 -0.75 -5D-1",
                           "\xEF\xBB\xBF"
                           "3\nwater\n8 0 0 +1.0E-01\n1 0 7.5d-1 -5*^-1\n1 0 -0.75 -0.5\n \n\n"}) {
    expect_water(from_xyz(text), text);
    EXPECT_EQ(from_xyz(text)[0].title, "water");
  }
}

TEST(Xyz, ReadsManyFrames) {
  const auto molecules = from_xyz("1\n\nHe 1 2 3\n1\nb\nNE 4 5 6\n\n \n2\n c  d \nCL 0 0 0\nbr 1 1 1\n");
  ASSERT_EQ(molecules.size(), 3u);
  EXPECT_EQ(molecules[0].title, "");
  EXPECT_EQ(molecules[1].number, std::vector<int>{10});
  EXPECT_EQ(molecules[2].title, " c  d ");
  EXPECT_EQ(molecules[2].number, (std::vector<int>{17, 35}));
}

TEST(Xyz, ReadsExtendedColumnsInAnyOrder) {
  const std::string cell = "Lattice=\"5 0 0 0 5 0 0 0 5\" ", more = " energy=-7.5 pbc=\"T T T\"";
  for (const std::string& text :
       {"3\n" + cell + "Properties=species:S:1:pos:R:3:forces:R:3" + more +
            "\nO 0 0 .1 9 9 9\nH 0 .75 -.5 9 9 9\nH 0 -.75 -.5 9 9 9\n",
        "3\nnote='Properties=no' properties=\"pos:R:3:Z:I:1\"" + more +
            "\n0 0 .1 8\n0 .75 -.5 1\n0 -.75 -.5 1\n",
        "3\n" + cell + "name={a b} Properties=name:S:1:species:S:1:Z:I:1:pos:R:3\n" +
            "\"a b\" O 8 0 0 .1\nx H 1 0 .75 -.5\ny H 1 0 -.75 -.5\n"})
    expect_water(from_xyz(text), text);
  EXPECT_EQ(from_xyz("1\nProperties=pos:R:3:species:S:1 a=1\n1 2 3 C\n")[0].title,
            "Properties=pos:R:3:species:S:1 a=1");
}

TEST(Xyz, RefusesColumnsWithoutElementOrPlace) {
  for (const char* properties :
       {"pos:R:3", "species:S:1", "species:S:1:pos:R:2", "species:S:2:pos:R:3", "x",
        "species:S:1:pos:R:3:", "species:S:1:pos:R:3:x:R:99999999999", "species:S:1:pos:R:3:x:R:-1", "::"})
    EXPECT_NE(xyz_refusal(joined("1\nProperties=", properties, "\nC 1 2 3\n")).find("line 2"),
              std::string::npos)
        << properties;
  EXPECT_EQ(xyz_refusal("1\nProperties=species:S:1:pos:R:3:f:R:3\nC 1 2 3 4\n"),
            "[read] a.xyz: line 3: expected an atom with 7 columns but got \"C 1 2 3 4\"");
}

TEST(Xyz, ReadsTheFilesOfQm9OneAfterTheOther) {
  const std::string one = kQm9Methane;
  for (const std::string& text : {one, one + one, one + "\n" + one + "3\nw\nO 0 0 0\nH 1 0 0\nH 0 1 0\n"}) {
    const auto molecules = from_xyz(text);
    EXPECT_EQ(molecules[0].number, (std::vector<int>{6, 1, 1, 1, 1}));
    EXPECT_EQ(molecules[0].title.substr(0, 14), "gdb 1\t157.7118");
    EXPECT_EQ(molecules[0].position[2][2], 2.765748e-4);
    EXPECT_EQ(molecules[0].position[3][2], -8.766437e-1);
    EXPECT_EQ(molecules.size(), text.size() == one.size() ? 1u : text.size() == 2 * one.size() ? 2u : 3u);
  }
  const std::string without = one.substr(0, one.find("1341.307"));
  EXPECT_EQ(from_xyz(without + without).size(), 2u);
  EXPECT_NE(xyz_refusal(one.substr(0, one.find("C\tC"))).find("frequencies, SMILES and InChI"),
            std::string::npos);
}

TEST(Xyz, RefusesWhatIsNoMolecule) {
  EXPECT_EQ(xyz_refusal("2\n\nC 0 0 0\nH 0 nan 0\n"),
            "[read] a.xyz: line 4: expected a coordinate of at most 1000000 Angstrom but got \"nan\"");
  EXPECT_NE(xyz_refusal("1\n\nC 0 0 inf\n").find("got \"inf\""), std::string::npos);
  EXPECT_NE(xyz_refusal("1\n\nC 0 0 1e7\n").find("line 3"), std::string::npos);
  EXPECT_NE(xyz_refusal("1\n\nC 0 0 1e999\n").find("line 3"), std::string::npos);
  EXPECT_NE(xyz_refusal("1\n\nC 0 0 1.0x\n").find("line 3"), std::string::npos);
  EXPECT_EQ(xyz_refusal("1\n\nXx 0 0 0\n"), "[read] a.xyz: line 3: expected an element but got \"Xx\"");
  EXPECT_NE(xyz_refusal("1\n\n119 0 0 0\n").find("element"), std::string::npos);
  EXPECT_EQ(xyz_refusal("999999999\n\nC 0 0 0\n"),
            "[read] a.xyz: line 4: expected atom 2 of 999999999 but the file ends");
  EXPECT_NE(xyz_refusal("99999999999999999999\n\nC 0 0 0\n").find("a number of atoms"), std::string::npos);
  EXPECT_EQ(xyz_refusal("1\n"), "[read] a.xyz: line 2: expected a title but the file ends");
  EXPECT_NE(xyz_refusal("1\n\nC 0 0\n").find("its element and x, y and z"), std::string::npos);
  EXPECT_NE(xyz_refusal("1\n\nC 0 0 0\nH 0 0 0\n").find("line 4: expected a number of atoms"),
            std::string::npos);
  EXPECT_NE(xyz_refusal("1\n\n6 0 0 0\n1 0 0 0\n").find("line 4"), std::string::npos);
  EXPECT_NE(xyz_refusal("0\n\n").find("a number of atoms"), std::string::npos);
  EXPECT_NE(xyz_refusal("-1\n\n").find("a number of atoms"), std::string::npos);
  EXPECT_NE(xyz_refusal(" \n\n").find("at least one molecule"), std::string::npos);
}

TEST(Xyz, WhatIsWrittenComesBackToThePrintedDigits) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> place(-30, 30);
  std::vector<Molecule> molecules(20);
  for (size_t i = 0; i < molecules.size(); ++i) {
    molecules[i].title = i % 3 ? "molecule " + std::to_string(i) : "";
    for (size_t k = 0; k <= i; ++k) {
      molecules[i].number.push_back(static_cast<int>(1 + random() % kLastElement));
      molecules[i].position.push_back({place(random), 1e4 * place(random), -1e-8 * place(random)});
    }
  }
  molecules[0].position[0] = {-1e6, 1e6, -1e-9};
  const std::string text = xyz_text(molecules);
  const auto back = from_xyz(text);
  ASSERT_EQ(back.size(), molecules.size());
  for (size_t i = 0; i < molecules.size(); ++i) {
    EXPECT_EQ(back[i].title, molecules[i].title);
    EXPECT_EQ(back[i].number, molecules[i].number);
    for (size_t k = 0; k <= i; ++k)
      for (size_t axis = 0; axis < 3; ++axis)
        EXPECT_EQ(back[i].position[k][axis], std::stod(fixed_text(molecules[i].position[k][axis], 6)));
  }
  EXPECT_EQ(xyz_text(back), text);
  EXPECT_EQ(text.find("-0.000000"), std::string::npos);
}

TEST(Xyz, WritesTitlesThatReadAsTitles) {
  Molecule atom;
  atom.number = {6};
  atom.position = {{1, -2, 0.5}};
  atom.title = "two\r\nlines";
  EXPECT_EQ(xyz_text({atom}), "1\ntwo  lines\nC        1.000000      -2.000000       0.500000\n");
  atom.title = "Lattice=\"1 0 0\" Properties=pos:R:3:species:S:1:f:R:3 a=1";
  const Molecule back = from_xyz(xyz_text({atom}))[0];
  EXPECT_EQ(back.title, "Lattice=\"1 0 0\" Properties=species:S:1:pos:R:3 a=1");
  EXPECT_EQ(back.position, atom.position);
  EXPECT_EQ(xyz_text({}), "");
}

TEST(Xyz, RefusesToWriteWhatItCouldNotRead) {
  Molecule atom;
  EXPECT_EQ(refusal([&] { xyz_text({atom}); }), "[xyz_text] molecule 1: expected atoms but got none");
  atom.number = {0};
  atom.position = {{0, 0, 0}};
  EXPECT_NE(refusal([&] { xyz_text({atom}); }).find("atomic numbers"), std::string::npos);
  atom.number = {6};
  for (const double x : {1.1e6, std::numeric_limits<double>::infinity(), std::nan("")}) {
    atom.position = {{0, x, 0}};
    EXPECT_NE(refusal([&] { xyz_text({atom}); }).find("coordinates"), std::string::npos) << x;
  }
  atom.position.clear();
  EXPECT_NE(refusal([&] { xyz_text({atom}); }).find("positions"), std::string::npos);
}

}  // namespace
}  // namespace steer
