#include "steer/molecule/molecule_data.h"

#include <algorithm>
#include <set>

#include "steer/core/check.h"
#include "steer/molecule/elements.h"
#include "steer/molecule/molecule_arrays.h"
#include "steer/molecule/molecule_files.h"
#include "steer/molecule/molecule_space.h"

namespace steer {
namespace {

constexpr size_t kTestMolecule = 10;  // every so many of a file

// Molecules in memory, each by its own number of atoms.
class MoleculeDataset : public Dataset {
 public:
  MoleculeDataset(Space space, std::vector<Molecule> molecules, Tensor value, std::vector<std::string> values)
      : space_(std::move(space)),
        molecules_(std::move(molecules)),
        value_(std::move(value)),
        values_(std::move(values)) {}

  int64_t size() const override { return static_cast<int64_t>(molecules_.size()); }
  Space space() const override { return space_; }
  std::vector<std::string> values() const override { return values_; }

  Batch batch(const std::vector<int64_t>& indices) const override {
    std::vector<Molecule> some;
    for (const int64_t i : indices) {
      STEER_CHECK(i >= 0 && i < size(), "[batch] expected indices below ", size());
      some.push_back(molecules_[static_cast<size_t>(i)]);
    }
    Batch batch;
    batch.data = as_samples(space_, some, "[batch]");
    batch.index = at::tensor(indices, torch::kInt64);
    batch.told.label = at::full({batch.index.size(0)}, -1, torch::kInt64);
    if (value_.defined()) batch.told.value = value_.index_select(0, batch.index);
    return batch;
  }

 private:
  Space space_;
  std::vector<Molecule> molecules_;
  Tensor value_;
  std::vector<std::string> values_;
};

// Hydrogen first, then by atomic number.
std::string symbols_of(const std::set<int>& numbers) {
  std::string symbols;
  for (const int number : numbers) symbols += element_symbol(number);
  return symbols;
}

struct Part {
  Space space;
  std::vector<Molecule> molecules;
  Tensor value;
  std::vector<std::string> values;
};

// Of all parts alike: one without fluorine has a type for it, too.
Space space_of(const MoleculeArrays& all, bool hydrogens) {
  std::set<int> numbers;
  int64_t most = 1;
  const uint8_t* number = all.number.data_ptr<uint8_t>();
  const int64_t* begin = all.begin.data_ptr<int64_t>();
  for (int64_t i = 0; i < all.size(); ++i) {
    int64_t atoms = 0;
    for (int64_t a = begin[i]; a < begin[i + 1]; ++a) {
      if (number[a] == 1 && !hydrogens) continue;
      numbers.insert(number[a]);
      ++atoms;
    }
    most = std::max(most, atoms);
  }
  return molecule_space(most, symbols_of(numbers));
}

Space space_of(const std::vector<Molecule>& molecules) {
  std::set<int> numbers;
  int64_t most = 1;
  for (const Molecule& molecule : molecules) {
    numbers.insert(molecule.number.begin(), molecule.number.end());
    most = std::max(most, molecule.size());
  }
  return molecule_space(most, symbols_of(numbers));
}

Molecule molecule_at(const MoleculeArrays& all, int64_t i) {
  const uint8_t* number = all.number.data_ptr<uint8_t>();
  const float* position = all.position.data_ptr<float>();
  const int64_t* begin = all.begin.data_ptr<int64_t>();
  Molecule molecule;
  for (int64_t a = begin[i]; a < begin[i + 1]; ++a) {
    molecule.number.push_back(number[a]);
    molecule.position.push_back({position[3 * a], position[3 * a + 1], position[3 * a + 2]});
  }
  return molecule;
}

// Without hydrogens where these shall not stay; what then has no atoms is left out.
Part stored_part(const DataOptions& options) {
  const MoleculeArrays all = read_molecule_arrays(options.path);
  const int64_t part = options.split == "train" ? 0 : options.split == "validation" ? 1 : 2;
  Tensor wanted = all.part == part;
  if (options.half > 0 && part == 0) wanted = wanted & (all.half == options.half);
  Part some;
  some.space = space_of(all, options.hydrogens);
  std::vector<int64_t> kept;
  const Tensor index = wanted.nonzero().squeeze(1);
  const int64_t there = index.size(0), most = options.limit > 0 ? std::min(options.limit, there) : there;
  // Arrays often stand by size: a few at even distances are like all.
  for (int64_t at = 0; at < most; ++at) {
    const int64_t i = index[at * there / most].item<int64_t>();
    Molecule molecule = molecule_at(all, i);
    if (!options.hydrogens) molecule = without_hydrogens(molecule);
    if (molecule.size() == 0) continue;
    some.molecules.push_back(std::move(molecule));
    kept.push_back(i);
  }
  STEER_CHECK(!kept.empty(), "[data] ", options.path, ": expected molecules in the part ", options.split,
              options.half > 0 ? ", half " + std::to_string(options.half) + "," : "", " but there are none");
  if (all.value.defined())
    some.value = all.value.index_select(0, at::tensor(kept, torch::kInt64)), some.values = all.values;
  return some;
}

Part filed_part(const DataOptions& options) {
  STEER_CHECK(options.half == 0, "[data] ", options.path, ": expected half with a folder as QM9's alone");
  std::vector<Molecule> all = read_molecules(options.path);
  if (!options.hydrogens)
    for (Molecule& molecule : all) molecule = without_hydrogens(molecule);
  Part some;
  some.space = space_of(all);
  for (size_t i = 0; i < all.size(); ++i)
    if ((i % kTestMolecule == kTestMolecule - 1) == (options.split != "train") && all[i].size() > 0)
      some.molecules.push_back(std::move(all[i]));
  STEER_CHECK(!some.molecules.empty(), "[data] ", options.path, ": expected at least ", kTestMolecule,
              " molecules, of which one in ", kTestMolecule, " is for tests, but got ", all.size());
  if (options.limit > 0 && options.limit < static_cast<int64_t>(some.molecules.size()))
    some.molecules.resize(static_cast<size_t>(options.limit));
  return some;
}

}  // namespace

bool names_molecules(const std::string& path) {
  return is_molecule_name(path) || holds_molecule_arrays(path);
}

std::unique_ptr<Dataset> make_molecule_dataset(const DataOptions& options) {
  const std::string& path = options.path;
  STEER_CHECK(options.split == "train" || options.split == "test" || options.split == "validation", "[data] ",
              path, ": expected split train, validation or test but got ", options.split);
  STEER_CHECK(options.size == 0 && options.channels == 0, "[data] ", path,
              ": expected no size and channels, which molecules do not have");
  STEER_CHECK(options.labels == DataOptions().labels && options.rare.empty(), "[data] ", path,
              ": expected the words labels and rare with the data set shapes alone");
  Part part = holds_molecule_arrays(path) ? stored_part(options) : filed_part(options);
  return std::make_unique<MoleculeDataset>(part.space, std::move(part.molecules), part.value, part.values);
}

const std::vector<Named>& molecule_data() {
  static const std::vector<Named> table = {
      {"<molecules.xyz>", "molecules in a file: .xyz, .extxyz, .sdf, .mol or .pdb"},
      {"<arrays>", "a folder of numbers.npy, positions.npy and offsets.npy, as QM9 is kept"}};
  return table;
}

}  // namespace steer
