// Weights without gradients while somebody differentiates through them.
#pragma once

#include <torch/nn.h>

#include <cstdint>
#include <mutex>
#include <vector>

namespace steer {

// Belongs to whoever owns a module, and knows how many want its weights without gradients just now.
class Freezer {
 public:
  // The module must outlive it.
  explicit Freezer(const torch::nn::Module& module) : module_(module) {}
  Freezer(const Freezer&) = delete;
  Freezer& operator=(const Freezer&) = delete;

 private:
  friend class Frozen;
  void enter();
  void leave();

  const torch::nn::Module& module_;
  std::mutex mutex_;
  int64_t inside_ = 0;               // how many Frozen live
  std::vector<at::Tensor> to_thaw_;  // parameters that asked for a gradient before
};

// While one or more live, no parameter of the module asks for a gradient, so that what is differentiated
// through the module keeps nothing for its weights. The first freezes them and the last thaws them. Threads
// that use the module at once each hold one, also those without gradients, so that none sees a change.
class Frozen {
 public:
  // Of the module of the freezer, which must outlive it.
  explicit Frozen(Freezer& freezer) : freezer_(freezer) { freezer_.enter(); }
  ~Frozen() { freezer_.leave(); }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

 private:
  Freezer& freezer_;
};

}  // namespace steer
