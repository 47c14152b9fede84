// What this steer was built from.
#pragma once

#include <string>

namespace steer {

// The source and the libtorch of a build.
struct Build {
  std::string version;  // as in CMakeLists.txt: "0.1.0"
  std::string commit;   // of the source, "+" after it where files were changed; "unknown" outside git
  std::string torch;    // the version of libtorch's headers: "2.13.0"
};

// The build that this library is.
const Build& this_build();

}  // namespace steer
