// Where the host's own ways apply.
#pragma once

#include <torch/types.h>

#include <atomic>

namespace steer {

// For tests: while one lives, on_host() is false everywhere, so that the processor goes the ways of other
// devices. One at a time.
class AsOnADevice {
 public:
  AsOnADevice() { wanted() = true; }
  ~AsOnADevice() { wanted() = false; }
  AsOnADevice(const AsOnADevice&) = delete;
  AsOnADevice& operator=(const AsOnADevice&) = delete;

  static std::atomic<bool>& wanted() {
    static std::atomic<bool> value{false};
    return value;
  }
};

// Whether a tensor is on the processor: fused kernels take it, and its values can be read without waiting.
inline bool on_host(const torch::Tensor& tensor) {
  return tensor.is_cpu() && !AsOnADevice::wanted();
}

}  // namespace steer
