// In place of fuzz_models.cpp where the library ends below models.
#include "fuzz_targets.h"

namespace steer {

std::vector<FuzzTarget> model_targets() {
  return {};
}

}  // namespace steer
