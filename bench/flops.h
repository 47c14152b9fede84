// Counts the floating-point operations of convolutions and matrix products.
#pragma once

#include <functional>

namespace steer::bench {

// Two for each multiplication and addition in the convolutions (forward and backward) and matrix products
// that libtorch runs while `work` runs. Kernels of our own and elementwise operations are left out.
double flops_of(const std::function<void()>& work);

}  // namespace steer::bench
