// In place of kernel.cpp where libtorch is older than 2.4: there is nothing to compare with.
#include "bench/work.h"
#include "steer/core/check.h"

namespace steer::bench {

std::unique_ptr<Work> make_kernel(const Json&) {
  fail("expected libtorch 2.4 or newer to compare kernels with");
}

}  // namespace steer::bench
