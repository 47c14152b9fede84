// Whole numbers of flags that 64 bits do not hold.
#pragma once

#include <CLI/CLI.hpp>

namespace steer {

// Lets every flag of a whole number refuse one that 64 bits do not hold, where CLI11 would take the nearest.
void refuse_long_numbers(CLI::App& app);

}  // namespace steer
