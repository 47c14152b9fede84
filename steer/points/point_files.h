// Points in files: rows of numbers in text, and NumPy's arrays.
#pragma once

#include <string>
#include <string_view>

#include "steer/points/planes.h"

namespace steer {

// Whether a file of this name is taken for points: it ends in .csv or .npy, in any case.
bool is_points_name(std::string_view name);

// The points in a file, N > 0. A .csv has one point on a line: x, y and perhaps a label (a whole number of at
// least -1) on every line, separated by commas, semicolons or blanks; a first line of names, empty lines and
// lines that begin with # are passed over. A .npy (numpy.lib.format, versions 1 to 3) holds [N, 2] or [2] of
// float32 or float64 in C order. Error, with the line of a .csv, for anything else and for numbers that are
// not finite.
PlanePoints read_points(const std::string& path);

// The same from the bytes of such a file; `name` stands in errors.
PlanePoints points_from_csv(std::string_view bytes, const std::string& name);
PlanePoints points_from_npy(std::string_view bytes, const std::string& name);

// The points x [N, 2], with labels int64 [N] where defined, as such a .csv: float32 come back the same bit
// for bit.
std::string points_csv(const Tensor& x, const Tensor& label = {});

}  // namespace steer
