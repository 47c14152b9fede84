// Initial values of weights as a function of a seed.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace steer {

// While it lives, what modules draw for their initial values on the processor follows the seed: torch's own
// modules know no generator but the global one, which has its former state again afterwards. Threads that
// make modules wait for each other here; scopes in one thread may nest.
class InitialValues {
 public:
  // Waits until no other thread is inside; equal seeds give equal values.
  explicit InitialValues(uint64_t seed);
  ~InitialValues();
  InitialValues(const InitialValues&) = delete;
  InitialValues& operator=(const InitialValues&) = delete;

 private:
  torch::Tensor before_;  // the global generator's state
};

}  // namespace steer
