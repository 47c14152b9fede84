#include "steer/nn/initial_values.h"

#include <ATen/Context.h>

#include <mutex>

namespace steer {
namespace {

std::recursive_mutex& makers() {
  static std::recursive_mutex mutex;
  return mutex;
}

// Calls body(generator) with the global generator of the processor, which nobody else uses meanwhile.
template <class Body>
void with_global_generator(const Body& body) {
  at::Generator generator = at::globalContext().defaultGenerator(torch::kCPU);
  const std::lock_guard<std::mutex> lock(generator.mutex());
  body(generator);
}

}  // namespace

InitialValues::InitialValues(uint64_t seed) {
  makers().lock();
  with_global_generator([&](at::Generator& generator) {
    before_ = generator.get_state();
    generator.set_current_seed(seed);
  });
}

InitialValues::~InitialValues() {
  with_global_generator([&](at::Generator& generator) { generator.set_state(before_); });
  makers().unlock();
}

}  // namespace steer
