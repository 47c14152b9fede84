// Data sets of molecules: files of them, and folders of arrays.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "steer/core/named.h"
#include "steer/data/data_options.h"
#include "steer/data/dataset.h"

namespace steer {

// Whether a path may be such a data set: a file of molecules (molecule_files.h) or a folder of arrays.
bool names_molecules(const std::string& path);

// Molecules of one space: all elements that occur, as many places as the largest has atoms. Of a folder of
// arrays the training part, or half of it, the validation part (split validation) or the test part, whose
// numbers are told; of a file every tenth is for tests. Error as the readers', and for options that molecules
// do not have.
std::unique_ptr<Dataset> make_molecule_dataset(const DataOptions& options);

// What a path of this kind may be.
const std::vector<Named>& molecule_data();

}  // namespace steer
