#include "steer/molecule/molecule_space.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/molecule/bonds.h"
#include "steer/molecule/elements.h"
#include "steer/nn/egnn.h"

namespace steer {
namespace {

constexpr int64_t kAxes = 3;
constexpr char kMoleculeKind[] = "molecule";

}  // namespace

Space molecule_space(int64_t atoms, const std::string& elements) {
  Space space;
  space.kind = kMoleculeKind;
  space.sizes = {atoms, kAxes + static_cast<int64_t>(element_symbols(elements).size())};
  space.alphabet = elements;
  return space;
}

std::vector<int> element_numbers(const Space& space) {
  STEER_CHECK(space.kind == kMoleculeKind && space.sizes.size() == 2,
              "[molecule] expected a space of molecules but got ", text_of(space));
  std::vector<int> numbers;
  for (const std::string& symbol : element_symbols(space.alphabet)) {
    numbers.push_back(atomic_number(symbol));
    STEER_CHECK(numbers.back() > 0, "[molecule] expected symbols of elements but got \"", symbol, "\"");
  }
  return numbers;
}

State as_samples(const Space& space, const std::vector<Molecule>& molecules, const std::string& what) {
  const std::vector<int> types = element_numbers(space);
  const int64_t count = static_cast<int64_t>(molecules.size()), most = space.sizes[0], width = space.sizes[1];
  State state(at::zeros({count, most, width}));
  state.mask = at::zeros({count, most}, torch::kBool);
  auto x = state.x.accessor<float, 3>();
  auto mask = state.mask.accessor<bool, 2>();
  for (int64_t i = 0; i < count; ++i) {
    const Molecule& molecule = molecules[static_cast<size_t>(i)];
    STEER_CHECK(molecule.size() >= 1 && molecule.size() <= most, what, ": expected 1 to ", most,
                " atoms in molecule ", i + 1, " but got ", molecule.size());
    const int charge = std::accumulate(molecule.charge.begin(), molecule.charge.end(), 0);
    STEER_CHECK(charge == 0, what, ": expected neutral molecules but molecule ", i + 1, " has the charge ",
                charge);
    std::array<double, 3> mean = {0, 0, 0};
    for (const auto& position : molecule.position)
      for (size_t c = 0; c < 3; ++c) mean[c] += position[c] / static_cast<double>(molecule.size());
    for (int64_t a = 0; a < molecule.size(); ++a) {
      const auto atom = static_cast<size_t>(a);
      const auto type = std::find(types.begin(), types.end(), molecule.number[atom]);
      STEER_CHECK(type != types.end(), what, ": expected elements of ", space.alphabet, " but molecule ",
                  i + 1, " has ", element_symbol(molecule.number[atom]));
      for (size_t c = 0; c < 3; ++c) {
        const double value = molecule.position[atom][c] - mean[c];
        STEER_CHECK(std::isfinite(value), what, ": expected finite positions but molecule ", i + 1,
                    " has others");
        x[i][a][static_cast<int64_t>(c)] = static_cast<float>(value);
      }
      x[i][a][kAxes + (type - types.begin())] = 1;
      mask[i][a] = true;
    }
  }
  return state;
}

std::vector<Molecule> as_molecules(const Space& space, const State& samples) {
  const std::vector<int> types = element_numbers(space);
  STEER_CHECK(samples.x.defined() && samples.x.dim() == 3 && samples.x.size(2) == space.sizes[1],
              "[molecule] expected samples ", text_of(space));
  const Tensor x = samples.x.to(torch::kCPU, torch::kFloat64).contiguous(), filled = places_of(samples).cpu(),
               type = x.narrow(2, kAxes, x.size(2) - kAxes).argmax(2);
  const auto value = x.accessor<double, 3>();
  std::vector<Molecule> molecules(static_cast<size_t>(x.size(0)));
  for (int64_t i = 0; i < x.size(0); ++i)
    for (int64_t a = 0; a < x.size(1); ++a) {
      if (!filled[i][a].item<bool>()) continue;
      Molecule& molecule = molecules[static_cast<size_t>(i)];
      molecule.number.push_back(types[static_cast<size_t>(type[i][a].item<int64_t>())]);
      molecule.position.push_back({value[i][a][0], value[i][a][1], value[i][a][2]});
    }
  return molecules;
}

std::vector<Molecule> bonded_molecules(const Space& space, const State& samples) {
  std::vector<Molecule> molecules = as_molecules(space, samples);
  for (Molecule& molecule : molecules) molecule.bonds = bonds_by_distance(molecule);
  return molecules;
}

Molecule without_hydrogens(const Molecule& molecule) {
  Molecule heavy;
  heavy.title = molecule.title;
  std::vector<int64_t> place(molecule.number.size(), -1);
  for (size_t a = 0; a < molecule.number.size(); ++a) {
    if (molecule.number[a] == 1) continue;
    place[a] = heavy.size();
    heavy.number.push_back(molecule.number[a]);
    heavy.position.push_back(molecule.position[a]);
    if (!molecule.charge.empty()) heavy.charge.push_back(molecule.charge[a]);
  }
  for (const Bond& bond : molecule.bonds) {
    const int64_t a = place[static_cast<size_t>(bond.a)], b = place[static_cast<size_t>(bond.b)];
    if (a >= 0 && b >= 0) heavy.bonds.push_back({a, b, bond.order});
  }
  return heavy;
}

Tensor places_of(const State& samples) {
  return samples.mask.defined() ? samples.mask : filled_places(samples.x);
}

}  // namespace steer
