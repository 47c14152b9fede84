#include "steer/nn/adam_kernel.h"

#include <ATen/Parallel.h>
#include <torch/nn.h>

#include "steer/core/host.h"
#include "steer/core/kernels.h"

namespace steer {
namespace {

constexpr int64_t kGrain = 1 << 15;

struct Factors {
  float keep1, keep2, epsilon, rate, root;
};

STEER_KERNEL void update_values(float* __restrict p, const float* __restrict g, float* __restrict m,
                                float* __restrict v, int64_t count, Factors f) {
  for (int64_t i = 0; i < count; ++i) {
    m[i] += f.keep1 * (g[i] - m[i]);
    v[i] += f.keep2 * (g[i] * g[i] - v[i]);
    p[i] -= f.rate * m[i] / (__builtin_sqrtf(v[i]) * f.root + f.epsilon);
  }
}

}  // namespace

bool takes_adam_kernel(const Tensor& parameter, const Tensor& gradient) {
  return on_host(parameter) && parameter.scalar_type() == torch::kFloat32 &&
         gradient.scalar_type() == torch::kFloat32 && parameter.is_contiguous() && gradient.is_contiguous();
}

void adam_update(Tensor& parameter, const Tensor& gradient, Tensor& first, Tensor& second,
                 const AdamUpdate& update) {
  const Factors factors = {static_cast<float>(1 - update.beta1), static_cast<float>(1 - update.beta2),
                           static_cast<float>(update.epsilon), static_cast<float>(update.rate),
                           static_cast<float>(1 / update.root)};
  float *p = parameter.data_ptr<float>(), *m = first.data_ptr<float>(), *v = second.data_ptr<float>();
  const float* g = gradient.data_ptr<float>();
  at::parallel_for(0, parameter.numel(), kGrain, [&](int64_t begin, int64_t end) {
    update_values(p + begin, g + begin, m + begin, v + begin, end - begin, factors);
  });
}

void adam_update_plain(Tensor& parameter, const Tensor& gradient, Tensor& first, Tensor& second,
                       const AdamUpdate& update) {
  first.lerp_(gradient, 1 - update.beta1);
  second.mul_(update.beta2).addcmul_(gradient, gradient, 1 - update.beta2);
  const Tensor scale = second.sqrt().div_(update.root).add_(update.epsilon);
  parameter.addcdiv_(first, scale, -update.rate);
}

}  // namespace steer
