// That whoever started this process wants it to end: asked from anywhere, seen between steps.
#pragma once

#include <stdexcept>

namespace steer {

// Thrown by what waits for something outside of this process, so that it waits no longer. No Error: nothing
// was wrong, and nothing that survives errors goes on.
class Interrupted : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Asks the process to end; may be called by a signal handler.
void ask_interruption() noexcept;
// Whether it was asked.
bool interruption_asked() noexcept;
// Begins anew.
void forget_interruption() noexcept;

}  // namespace steer
