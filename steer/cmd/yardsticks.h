// Flags that say what a task is measured with: --judge, --features, --reference.
#pragma once

#include <CLI/CLI.hpp>

#include "steer/work/yardstick_opening.h"

namespace steer {

// Adds them.
void add_yardstick_flags(CLI::App* command, YardstickOptions& options);

}  // namespace steer
