// Command lines to begin with, on the help page of each command.
#pragma once

#include <CLI/CLI.hpp>

namespace steer {

// Adds each command's own examples to the end of its help. Error for an example of no command, and for a
// command without one.
void add_examples(CLI::App& app);

}  // namespace steer
