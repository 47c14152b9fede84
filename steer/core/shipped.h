// What comes with the program: models and configurations that may be named without their paths.
#pragma once

#include <string>
#include <vector>

namespace steer {

// `name` where there is such a file or folder; else the file `name` or name + ending of this kind ("models",
// "configs") that comes with the program: in the folder that the environment's STEER_SHARE names, in
// ../share/steer beside the program, or in the source tree of a program that was not installed. `name` itself
// where there is none of these, so that whoever opens it says so.
std::string found_or_shipped(const std::string& name, const std::string& kind, const std::string& ending);

// A folder that is looked in after the one of the environment, for libraries that are no part of the program
// that runs: it has the folders models and configs. Not while another thread looks.
void set_share(const std::string& folder);

// The names, without their ending, of all files of a kind that come with the program, in order.
std::vector<std::string> shipped_names(const std::string& kind, const std::string& ending);

}  // namespace steer
