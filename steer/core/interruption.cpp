#include "steer/core/interruption.h"

#include <atomic>

namespace steer {
namespace {

std::atomic<bool> end_asked{false};
static_assert(std::atomic<bool>::is_always_lock_free, "signal handlers may only set what needs no lock");

}  // namespace

void ask_interruption() noexcept {
  end_asked = true;
}

bool interruption_asked() noexcept {
  return end_asked;
}

void forget_interruption() noexcept {
  end_asked = false;
}

}  // namespace steer
