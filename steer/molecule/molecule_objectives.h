// What may be asked of molecules by formulas alone.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "steer/objectives/objective.h"

namespace steer {

// Samples of molecules as a score sees them.
struct SeenMolecules {
  Tensor x;         // float [N, A, 3 + F], empty places all zero
  Tensor position;  // float [N, A, 3], Angstrom
  Tensor type;      // float [N, A, F], one for each element: 1 for an atom's own, 0 else, and between
  Tensor place;     // float [N, A], 1 where there is an atom
};

// Those of samples x [N, A, 3 + F].
SeenMolecules seen_molecules(const State& samples);

// An objective with a gradient that is a function of molecules -> [N]; `words` is what words() gives.
std::unique_ptr<Objective> molecule_objective(std::function<Tensor(const SeenMolecules&)> score,
                                              std::string words);

// The root of the mean squared distance of a molecule's atoms from their mean, in Angstrom: [N].
Tensor gyration_radius(const SeenMolecules& molecules);

// How many atoms have this type, 0-based, as the sum of its numbers: [N].
Tensor type_count(const SeenMolecules& molecules, int64_t type);

// The sum over pairs of max(0, least - distance)^2, in Angstrom^2: [N].
Tensor nearness_of_pairs(const SeenMolecules& molecules, double least);

// Molecules whose first atoms are those of a part, up to a shift and normal noise of this deviation, in
// Angstrom and in types: measurements of positions, less their mean, and of types. part float [1, M, 3 + F],
// one-hot, of M <= places atoms; molecules of fewer atoms lack what they lack. `words` is what words() gives.
std::unique_ptr<Objective> part_objective(const Tensor& part, int64_t places, double noise,
                                          std::string words);

}  // namespace steer
