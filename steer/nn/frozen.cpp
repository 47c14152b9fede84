#include "steer/nn/frozen.h"

namespace steer {

void Freezer::enter() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (inside_++ > 0) return;
  for (at::Tensor& parameter : module_.parameters()) {
    if (!parameter.requires_grad()) continue;
    parameter.set_requires_grad(false);
    to_thaw_.push_back(parameter);
  }
}

void Freezer::leave() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (--inside_ > 0) return;
  for (at::Tensor& parameter : to_thaw_) parameter.set_requires_grad(true);
  to_thaw_.clear();
}

}  // namespace steer
