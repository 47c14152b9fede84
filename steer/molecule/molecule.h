// One molecule as chemists write it: elements, places, and where they are known bonds and charges.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace steer {

// Two atoms, counted from 0, a before b, and how often they are bound.
struct Bond {
  int64_t a = 0;  // the first
  int64_t b = 0;  // the second
  int order = 1;  // 1, 2 or 3
};

// Atoms and where they are.
struct Molecule {
  std::string title;                            // what a file says of it
  std::vector<int> number;                      // atomic number of each atom: 1 hydrogen, 6 carbon
  std::vector<std::array<double, 3>> position;  // of each atom, in Angstrom
  std::vector<int> charge;                      // formal charge of each atom; empty: not told
  std::vector<Bond> bonds;                      // none where nobody told them

  int64_t size() const { return static_cast<int64_t>(number.size()); }  // atoms
};

}  // namespace steer
