// Numbers that a data set has of its samples, found by their names.
#pragma once

#include <string>
#include <vector>

#include "steer/data/dataset.h"

namespace steer {

// Where the names stand among the known ones: int64 [names], on the CPU. Error that begins with `what` and
// lists what is known, where one is not.
Tensor value_columns(const std::vector<std::string>& names, const std::vector<std::string>& known,
                     const std::string& what);

// These numbers of all samples of a data set, float [size, names]. Error as value_columns, and where a sample
// lacks one.
Tensor all_values(const Dataset& data, const std::vector<std::string>& names, const std::string& what);

}  // namespace steer
