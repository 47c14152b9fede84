// Physics as a judge of molecules: the program xtb, where it is installed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "steer/core/space.h"
#include "steer/molecule/molecule.h"
#include "steer/objectives/objective.h"

namespace steer {

// What GFN2-xTB says of a molecule as it lies (Bannwarth, Ehlert and Grimme 2019), neutral.
struct XtbProperties {
  double energy = 0;  // eV
  double mu = 0;      // the dipole moment, in Debye
  double homo = 0;    // eV
  double lumo = 0;    // eV
  double gap = 0;     // eV, lumo - homo
};

// Of one molecule, by one run of `xtb` (some 50 ms); none where its equations did not converge. Error where
// there is no such program.
std::optional<XtbProperties> xtb_properties(const Molecule& molecule, double timeout_seconds = 60);

// What its JSON file says; none where it lacks a number, or has one that is not finite.
std::optional<XtbProperties> properties_from_xtb(const std::string& json);

// A property that is wanted, and how far from it is still near.
struct WantedProperty {
  double XtbProperties::*member;  // which
  double value;                   // that is wanted
  double noise;                   // the deviation that still is near, above 0
};

// -((p - value) / noise)^2 / 2, summed over what is wanted; -cost for molecules that xtb cannot solve, and at
// worst. No gradient. `words` is what words() gives.
std::unique_ptr<Objective> xtb_objective(const Space& space, std::vector<WantedProperty> wanted, double cost,
                                         std::string words);

}  // namespace steer
