// What is wanted of molecules, with RDKit as the judge.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "steer/core/space.h"
#include "steer/molecule/rdkit.h"
#include "steer/objectives/objective.h"

namespace steer {

// A number of a molecule that is wanted.
struct RdkitWish {
  std::string name;              // one of rdkit_names but smiles; strain is taken for each heavy atom
  std::optional<double> target;  // the value wanted; none: the most, or the least
  bool least = false;            // without a target: whether less is better
  double unit = 1;               // divides differences from the target, and values; above 0
};

// The sum over what is wanted of -((v - target) / unit)^2, or without a target of v / unit, or -v / unit if
// less is better; -cost for misfits (rdkit.h), for molecules that lack one of the numbers, and at worst. The
// bonds of a sample are those that distances tell (bonds.h): a ring of aromatic bonds that are all of 1.39
// Angstrom or longer is then one of single bonds. No gradient; in nats where all have a target. One process
// of RDKit answers for all samples until the objective ends. `words` is what words() gives. Error for other
// names, none, units and costs that are not above 0, targets that are not finite, and for strain of molecules
// without hydrogens.
std::unique_ptr<Objective> rdkit_objective(const Space& space, std::vector<RdkitWish> wanted, double cost,
                                           std::string words, const RdkitOptions& options = {});

}  // namespace steer
