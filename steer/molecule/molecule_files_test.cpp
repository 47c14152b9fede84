#include "steer/molecule/molecule_files.h"

#include <gtest/gtest.h>

#include <cmath>

#include "steer/core/files.h"
#include "steer/core/random.h"
#include "steer/molecule/pdb.h"
#include "steer/molecule/sdf.h"
#include "steer/molecule/xyz.h"
#include "steer/testing/mutations.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"

namespace steer {
namespace {

// An ion with what all formats have.
std::vector<Molecule> two_ions() {
  Molecule ion;
  ion.title = "ion";
  ion.number = {7, 1, 1, 1, 17};
  ion.position = {{0, 0, 0.125}, {0.94, 0, -0.25}, {-0.47, 0.81, -0.25}, {-0.47, -0.81, -0.25}, {0, 0, 1.75}};
  ion.charge = {1, 0, 0, 0, 0};
  ion.bonds = {{0, 1, 1}, {0, 2, 1}, {0, 3, 1}, {0, 4, 1}};
  return {ion, ion};
}

// Small files with an oddity each, and how they are read.
struct SmallFile {
  std::string text;
  std::vector<Molecule> (*read)(std::string_view, const std::string&);
};

std::vector<SmallFile> small_files() {
  const std::string qm9 =
      "2\ngdb "
      "1\t1.0\t2.0\nC\t0.1\t0.2\t-8.4*^-6\t0.5\nH\t1.D0\t0\t0\t-.5\n12.5\t13.5\nC\tC\t\nInChI=1S/C\tInChI=1S/"
      "C\n";
  const std::string extended =
      "1\nLattice=\"1 0 0 0 1 0 0 0 1\" Properties=pos:R:3:species:S:1:q:R:2 pbc=\"T T\"\n1 2 3 \"C\" 0 0\n";
  const std::string aromatic =
      "\n\n\n  5  5  0  0  0  0  0  0  0  0999 V2000\n"
      "    0.0000    0.0000    0.0000 N   0  0\n    0.0000    0.0000    0.0000 C   0  0\n"
      "    0.0000    0.0000    0.0000 C   0  3\n    0.0000    0.0000    0.0000 C   0  0\n"
      "    0.0000    0.0000    0.0000 C   0  0\n"
      "  1  2  4\n  2  3  4\n  3  4  4\n  4  5  4\n  5  1  4\nM  CHG  1   3   0\nM  END\n> <a>\n1\n\n$$$$\n";
  return {{qm9 + extended, molecules_from_xyz},
          {xyz_text(two_ions()), molecules_from_xyz},
          {aromatic, molecules_from_sdf},
          {sdf_text(two_ions()), molecules_from_sdf},
          {pdb_text(two_ions()), molecules_from_pdb},
          {pdb_text({two_ions()[0]}), molecules_from_pdb}};
}

// Reads it or refuses it with one line; what is read is sound and can be written.
void read_or_refuse(const SmallFile& file, const std::string& text) {
  std::vector<Molecule> molecules;
  const std::string refused = refusal([&] { molecules = file.read(text, "a"); });
  if (refused != "accepted") {
    EXPECT_EQ(refused.rfind("[read] a: ", 0), 0u) << refused;
    return;
  }
  EXPECT_FALSE(molecules.empty());
  EXPECT_EQ(refusal([&] { check_written(molecules, "test"); }), "accepted");
}

TEST(MoleculeFiles, EveryPrefixIsReadOrRefused) {
  for (const SmallFile& file : small_files()) {
    EXPECT_EQ(refusal([&] { file.read(file.text, "a"); }), "accepted");
    for (size_t length = 0; length < file.text.size(); ++length)
      read_or_refuse(file, file.text.substr(0, length));
  }
}

TEST(MoleculeFiles, EveryFlippedBitIsReadOrRefused) {
  for (const SmallFile& file : small_files())
    for (size_t bit = 0; bit < 8 * file.text.size(); ++bit) {
      std::string text = file.text;
      text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
      read_or_refuse(file, text);
    }
}

TEST(MoleculeFiles, DamagedCopiesAreReadOrRefused) {
  Random random(1);
  for (const SmallFile& file : small_files())
    for (int copy = 0; copy < 2000; ++copy) read_or_refuse(file, damaged(file.text, random));
}

TEST(MoleculeFiles, NamesOfMoleculesEndInTheirFormats) {
  for (const char* name : {"a.xyz", "b/A.XYZ", "a.extxyz", "a.sdf", "a.Mol", "a.PDB", ".sdf"})
    EXPECT_TRUE(is_molecule_name(name)) << name;
  for (const char* name : {"", "xyz", "a.xyz.gz", "a.pdbqt", "a.mol2", "a.xyz/b"})
    EXPECT_FALSE(is_molecule_name(name)) << name;
}

TEST(MoleculeFiles, FilesAreReadAndWrittenByTheirEndings) {
  const TemporaryFolder folder;
  for (const char* name : {"a.xyz", "a.EXTXYZ", "a.sdf", "a.pdb", "a.mol"}) {
    const bool mol = std::string(name) == "a.mol";
    const std::vector<Molecule> written = mol ? std::vector<Molecule>{two_ions()[0]} : two_ions();
    const std::string path = folder.put(name, molecule_text(name, written));
    const std::vector<Molecule> read = read_molecules(path);
    ASSERT_EQ(read.size(), written.size()) << name;
    EXPECT_EQ(read.back().number, written.back().number);
    EXPECT_EQ(read.back().position, written.back().position);
    EXPECT_EQ(read.back().title, "ion");
    const bool xyz = file_ending(name) == ".xyz" || file_ending(name) == ".extxyz";
    EXPECT_EQ(read.back().charge, xyz ? std::vector<int>() : written.back().charge);
    EXPECT_EQ(read.back().bonds.size(), xyz ? 0u : 4u);
  }
  EXPECT_EQ(molecule_text(".mol", {two_ions()[0]}).find("$$$$"), std::string::npos);
  EXPECT_EQ(molecule_text(".sdf", two_ions()), sdf_text(two_ions()));
}

TEST(MoleculeFiles, RefusesOtherEndingsAndSeveralInAMol) {
  const TemporaryFolder folder;
  const std::string text = folder.put("a.txt", "1\n\nC 0 0 0\n");
  EXPECT_EQ(refusal([&] { read_molecules(text); }),
            "[read] " + text + ": expected a file of molecules, .xyz, .extxyz, .sdf, .mol or .pdb");
  EXPECT_NE(refusal([&] { read_molecules(folder / "none.xyz"); }), "accepted");
  EXPECT_NE(refusal([&] { molecule_text("a.txt", two_ions()); }).find("expected a name"), std::string::npos);
  EXPECT_EQ(refusal([&] { molecule_text("a.mol", two_ions()); }),
            "[mol] expected one molecule for a .mol but got 2");
  EXPECT_NE(refusal([&] { read_molecules(folder.put("b.xyz", "1\n\nC 0 0 nan\n")); }).find("b.xyz: line 3"),
            std::string::npos);
}

TEST(MoleculeFiles, LinesEndAsAnySystemEndsThem) {
  MoleculeLines lines(
      "\xEF\xBB\xBF"
      "a\r\n\n \t\nb",
      "a");
  EXPECT_EQ(lines.next(), "a");
  lines.pass_blank();
  EXPECT_EQ(lines.number(), 3);
  EXPECT_EQ(lines.take("b"), "b");
  EXPECT_FALSE(lines.more());
  EXPECT_EQ(refusal([&] { lines.take("c"); }), "[read] a: line 5: expected c but the file ends");
}

TEST(MoleculeFiles, NumbersAreReadInEveryDialect) {
  for (const auto& [word, value] : {std::pair<const char*, double>{"1", 1},
                                    {"+1.5", 1.5},
                                    {"-8.4*^-6", -8.4e-6},
                                    {"1.0D-06", 1e-6},
                                    {"2d2", 200},
                                    {".5", 0.5},
                                    {"5.", 5},
                                    {"1e-2", 0.01},
                                    {"1E+2", 100},
                                    {"-0", 0}})
    EXPECT_EQ(decimal_in(word), std::optional<double>(value)) << word;
  for (const char* word : {"", "+", "-", "nan", "inf", "-inf", "1e999", "1.0x", "0x10", "+-1", "++1", "1 ",
                           " 1", "1*^", "1d", "1,5", "e5", "1e5d3", "1*^2*^3"})
    EXPECT_FALSE(decimal_in(word)) << word;
  EXPECT_FALSE(decimal_in(std::string(100000, '1')));
  EXPECT_EQ(whole_in("-12"), std::optional<int>(-12));
  EXPECT_EQ(whole_in("+999999999"), std::optional<int>(999999999));
  for (const char* word : {"", "-", "1.0", "1e3", "1000000000", " 1", "0x1"})
    EXPECT_FALSE(whole_in(word)) << word;
}

TEST(MoleculeFiles, NumbersArePrintedWithTheirDigits) {
  EXPECT_EQ(fixed_text(-1.25, 3), "-1.250");
  EXPECT_EQ(fixed_text(-0.0004, 3), "0.000");
  EXPECT_EQ(fixed_text(1e6, 6), "1000000.000000");
  EXPECT_EQ(right_aligned("ab", 4), "  ab");
  EXPECT_EQ(right_aligned("abcde", 4), "abcde");
}

}  // namespace
}  // namespace steer
