#include "steer/nn/adam_update.h"

#include <ATen/Parallel.h>

#include "steer/core/host.h"
#include "steer/nn/adam_kernel.h"

namespace steer {
namespace {

constexpr int64_t kAdamGrain = 1 << 15;

}  // namespace

bool takes_adam_kernel(const Tensor& parameter, const Tensor& gradient) {
  return on_host(parameter) && parameter.scalar_type() == torch::kFloat32 &&
         gradient.scalar_type() == torch::kFloat32 && parameter.is_contiguous() && gradient.is_contiguous();
}

void adam_update(Tensor& parameter, const Tensor& gradient, Tensor& first, Tensor& second,
                 const AdamUpdate& update) {
  const kernels::AdamFactors factors = {static_cast<float>(1 - update.beta1),
                                        static_cast<float>(1 - update.beta2),
                                        static_cast<float>(update.epsilon), static_cast<float>(update.rate),
                                        static_cast<float>(1 / update.root)};
  float *p = parameter.data_ptr<float>(), *m = first.data_ptr<float>(), *v = second.data_ptr<float>();
  const float* g = gradient.data_ptr<float>();
  at::parallel_for(0, parameter.numel(), kAdamGrain, [&](int64_t begin, int64_t end) {
    kernels::adam_update(p + begin, g + begin, m + begin, v + begin, end - begin, factors);
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
