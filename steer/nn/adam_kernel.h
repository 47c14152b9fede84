// The loop behind Adam's update.
#pragma once

#include <cstdint>

namespace steer::kernels {

// 1 - beta1, 1 - beta2, epsilon, the rate, and one over the root of the second moment's correction.
struct AdamFactors {
  float keep1, keep2, epsilon, rate, root;
};

// Updates `count` parameters p with gradients g, and their moments m and v.
void adam_update(float* p, const float* g, float* m, float* v, int64_t count, AdamFactors f);

}  // namespace steer::kernels
