#include "steer/core/build.h"

#include <torch/version.h>

#include <steer_source.h>  // made by cmake/source_version.cmake

namespace steer {

const Build& this_build() {
  static const Build build = {STEER_SOURCE_VERSION, STEER_SOURCE_COMMIT,
                              std::to_string(TORCH_VERSION_MAJOR) + "." +
                                  std::to_string(TORCH_VERSION_MINOR) + "." +
                                  std::to_string(TORCH_VERSION_PATCH)};
  return build;
}

}  // namespace steer
