// One line for words that are no command or flag.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace steer {

// "steer: ..." on what CLI11 refused in `what`, after app.parse failed: the nearest command or flag to a word
// that is none, and where help is.
std::string usage_fault(const CLI::App& app, const std::string& what);

}  // namespace steer
