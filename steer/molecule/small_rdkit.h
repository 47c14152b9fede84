// What the tests of RDKit share: molecules made by hand, and programs that answer in its place.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "steer/core/check.h"
#include "steer/molecule/rdkit.h"
#include "steer/molecule/sdf.h"
#include "steer/testing/temporary_folder.h"

namespace steer {

// Whether the Python that is taken by default has RDKit.
inline bool rdkit_is_there() {
  static const bool there = [] {
    try {
      return !Rdkit().version().empty();
    } catch (const Error&) {
      return false;
    }
  }();
  return there;
}

// Aspirin at rest in MMFF94, by RDKit's EmbedMolecule(randomSeed=7) and MMFFOptimizeMolecule, bonds
// kekulized.
inline Molecule small_aspirin() {
  static const char* const text =
      "aspirin\n\n\n 21 21  0  0  0  0  0  0  0  0999 V2000\n"
      "    3.4038    0.5543    0.0552 C\n    2.0439    0.1391    0.5312 C\n    1.6894    0.1441    1.7031 O\n"
      "    1.2884   -0.2659   -0.5636 O\n   -0.0284   -0.5847   -0.2190 C\n   -0.3282   -1.9424   -0.0674 C\n"
      "   -1.6290   -2.3304    0.2478 C\n   -2.6259   -1.3671    0.3983 C\n   -2.3267   -0.0114    0.2273 C\n"
      "   -1.0220    0.3968   -0.0914 C\n   -0.7032    1.8334   -0.3031 C\n    0.3609    2.3052   -0.6590 O\n"
      "   -1.7563    2.6373   -0.0592 O\n    3.9239   -0.3054   -0.3741 H\n    3.9844    0.9300    0.9025 H\n"
      "    3.3109    1.3562   -0.6817 H\n    0.4490   -2.6922   -0.1857 H\n   -1.8659   -3.3836    0.3782 H\n"
      "   -3.6405   -1.6701    0.6470 H\n   -3.1244    0.7190    0.3429 H\n   -1.4037    3.5378   -0.2188 H\n"
      "  1  2  1\n  2  3  2\n  2  4  1\n  4  5  1\n  5  6  2\n  6  7  1\n  7  8  2\n  8  9  1\n  9 10  2\n"
      " 10 11  1\n 11 12  2\n 11 13  1\n 10  5  1\n  1 14  1\n  1 15  1\n  1 16  1\n  6 17  1\n  7 18  1\n"
      "  8 19  1\n  9 20  1\n 13 21  1\nM  END\n";
  return molecules_from_sdf(text, "aspirin")[0];
}

// A carbon with hydrogens at the corners of a tetrahedron; bonds in Angstrom, one longer by `more`.
inline Molecule small_methane(double length = 1.093, double more = 0) {
  Molecule molecule;
  const double side = 1 / std::sqrt(3.0);
  molecule.number = {6, 1, 1, 1, 1}, molecule.position = {{0, 0, 0}};
  for (const auto& [x, y, z] : {std::array<double, 3>{1, 1, 1}, {1, -1, -1}, {-1, 1, -1}, {-1, -1, 1}}) {
    const int64_t at = static_cast<int64_t>(molecule.position.size());
    const double far = (length + (at == 1 ? more : 0)) * side;
    molecule.position.push_back({far * x, far * y, far * z});
    molecule.bonds.push_back({0, at, 1});
  }
  return molecule;
}

// One atom.
inline Molecule lone_atom(int number) {
  Molecule molecule;
  molecule.number = {number}, molecule.position = {{0, 0, 0}};
  return molecule;
}

// A shell script in the place of Python. It says that it is RDKit, notes each of its starts, and answers qed
// with how many molecules the process has had, valid with 1, smiles with "C", pictures with `picture`. At a
// molecule with an atom of xenon it kills itself, of krypton ends, of argon never answers, of neon says two
// lines, of iodine rubbish, of bromine null for all names.
class FakeRdkit {
 public:
  explicit FakeRdkit(const std::string& picture = "null", const std::string& load = "true",
                     const std::string& greeting = "{\"rdkit\": \"fake\"}") {
    const std::string script =
        "#!/bin/sh\necho started >> " + starts_path() + "\necho '" + greeting +
        "'\nseen=0\nwhile read -r word names; do\n  [ $word = load ] && { echo '" + load +
        "'; continue; }\n  mood=none\n"
        "  while IFS= read -r line; do\n    case $line in '$$$$'*) break;; *' Xe '*) kill -9 $$;; *' Kr '*) "
        "exit 3;;\n      *' Ar '*) sleep 300;; *' Ne '*) mood=two;; *' I '*) mood=rubbish;; *' Br '*) "
        "mood=null;; esac\n  done\n"
        "  seen=$((seen + 1)) list=\n"
        "  for name in $names; do\n    case $name in valid) value=1;; smiles) value='\"C\"';; *) "
        "value=$seen;; esac\n    [ $mood = null ] && value=null\n    list=\"$list${list:+, }$value\"\n  "
        "done\n"
        "  [ $mood = two ] && echo '[1]'\n"
        "  [ $mood = rubbish ] && list=rubbish\n"
        "  case $word in scores) echo \"[$list]\";; *) echo '" +
        picture + "';; esac\ndone\n";
    std::filesystem::permissions(folder_.put("python", script), std::filesystem::perms::owner_all);
  }

  RdkitOptions options(double timeout_seconds = 20) const { return {folder_ / "python", timeout_seconds}; }
  // How often it was started.
  int64_t starts() const {
    std::ifstream file(starts_path());
    int64_t lines = 0;
    for (std::string line; std::getline(file, line);) ++lines;
    return lines;
  }

 private:
  std::string starts_path() const { return folder_ / "starts"; }

  TemporaryFolder folder_;
};

}  // namespace steer
