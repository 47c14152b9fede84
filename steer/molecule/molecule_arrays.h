// Many molecules as plain arrays, as QM9 is kept.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

namespace steer {

using torch::Tensor;

// Molecules one after the other, with numbers about each.
struct MoleculeArrays {
  Tensor number;                    // uint8 [V], atomic numbers
  Tensor position;                  // float32 [V, 3], Angstrom
  Tensor begin;                     // int64 [N + 1]: where the atoms of each molecule begin
  Tensor value;                     // float32 [N, P]
  std::vector<std::string> values;  // the names of these numbers
  Tensor part;                      // int64 [N]: 0 training, 1 validation, 2 test
  Tensor half;                      // int64 [N]: 1 or 2, which half of the training part; 0 of others

  int64_t size() const { return begin.size(0) - 1; }  // N
};

// Whether a folder holds such arrays: numbers.npy, positions.npy and offsets.npy are in it.
bool holds_molecule_arrays(const std::string& folder);

// Reads numbers.npy uint8 [V], positions.npy float32 [V, 3], offsets.npy int32 [N + 1] and, where they are
// there, properties.npy float32 [N, P] with properties.txt (a line for each: column, name, unit, meaning,
// tabs between; what is in Hartree is
// multiplied by 27.2114 and in eV then), split.npy and half.npy uint8 [N]. Without a split all are training.
// Error, with the file, for arrays of other types and sizes, offsets that fall, numbers that are not finite.
MoleculeArrays read_molecule_arrays(const std::string& folder);

// The array in such a file (numpy.lib.format 1 to 3, little-endian, C order): uint8, int32, int64, float32 or
// float64. Error, with `name`, for anything else.
Tensor array_from_npy(std::string_view bytes, const std::string& name);

}  // namespace steer
