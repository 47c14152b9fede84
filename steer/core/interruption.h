// That whoever started this process wants it to end: asked from anywhere, seen between steps.
#pragma once

#include <functional>
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
// Whether it was asked, or the look of this thread, if there is one, says so.
bool interruption_asked() noexcept;
// Begins anew.
void forget_interruption() noexcept;

// While it lives, this thread also asks `look` whether the process is to end: for programs whose signals
// another runtime receives, as Python's does. `look` is called often and must not throw.
class InterruptionLook {
 public:
  // Looks of this thread that were there before wait until this one is gone.
  explicit InterruptionLook(std::function<bool()> look);
  ~InterruptionLook();
  InterruptionLook(const InterruptionLook&) = delete;
  InterruptionLook& operator=(const InterruptionLook&) = delete;

 private:
  std::function<bool()> look_;
  const std::function<bool()>* before_;
};

// Throws Interrupted where the look of this thread says that the process is to end; networks call it before
// each of their blocks, so that one evaluation is not waited for. Without a look it does nothing: then
// whoever asks between steps decides.
void end_if_interrupted();

// While it lives, end_if_interrupted() of this thread does nothing: around what must be done whole, such as a
// step of training.
class Uninterrupted {
 public:
  Uninterrupted();
  ~Uninterrupted();
  Uninterrupted(const Uninterrupted&) = delete;
  Uninterrupted& operator=(const Uninterrupted&) = delete;
};

}  // namespace steer
