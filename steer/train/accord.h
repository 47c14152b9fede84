// What several processes that train one model decide alike, between one step and the next.
#pragma once

#include <exception>
#include <functional>

#include "steer/train/together.h"

namespace steer {

// One process's part in the decisions of all. What one of them meets (an error, the wish to stop) is kept
// until all have heard of it, so that none waits for another that has gone.
class Accord {
 public:
  // Of the processes that `together` sums over; alone by itself.
  explicit Accord(Together together) : together_(std::move(together)) {}

  // Runs what may fail in this process alone, unless something failed already. By itself it throws at once;
  // among others what was thrown is kept for reach().
  void attempt(const std::function<void()>& work);

  // Called by all at one place of the run: true where one of them wants to stop; `seconds` becomes that of
  // rank 0. Throws what an attempt threw; Error where that was another process's.
  bool reach(bool stop, double& seconds);
  // The same without either.
  void reach();

 private:
  Together together_;
  std::exception_ptr failed_;
};

}  // namespace steer
