#include "steer/core/interruption.h"

#include <atomic>
#include <cstdint>
#include <utility>

namespace steer {
namespace {

std::atomic<bool> end_asked{false};
static_assert(std::atomic<bool>::is_always_lock_free, "signal handlers may only set what needs no lock");

thread_local const std::function<bool()>* interruption_look = nullptr;
thread_local int64_t uninterrupted_depth = 0;

}  // namespace

void ask_interruption() noexcept {
  end_asked = true;
}

bool interruption_asked() noexcept {
  return end_asked || (interruption_look && (*interruption_look)());
}

void forget_interruption() noexcept {
  end_asked = false;
}

InterruptionLook::InterruptionLook(std::function<bool()> look)
    : look_(std::move(look)), before_(std::exchange(interruption_look, &look_)) {}

InterruptionLook::~InterruptionLook() {
  interruption_look = before_;
}

void end_if_interrupted() {
  if (interruption_look && uninterrupted_depth == 0 && (*interruption_look)())
    throw Interrupted("[interruption] the process was asked to end");
}

Uninterrupted::Uninterrupted() {
  ++uninterrupted_depth;
}

Uninterrupted::~Uninterrupted() {
  --uninterrupted_depth;
}

}  // namespace steer
