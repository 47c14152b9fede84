// What a callable that watches a work is shown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "steer/core/space.h"
#include "steer/core/watch.h"

namespace steer {

// One call of a watch.
struct PythonMoment {
  std::string title, note;           // as Moment
  double share = 0;                  // done, in [0, 1]
  int64_t index = -1, of = 0;        // the step or layer; -1: none
  double sigma = 0;                  // noise level reached
  Tensor code;                       // indices chosen so far; undefined without
  const Glimpse* glimpse = nullptr;  // null where nothing is drawn, and after the call
  std::optional<Space> space;        // of what is drawn
};

// While it lives, moments of this thread show samples of this space, which must outlive it.
class WatchedSpace {
 public:
  explicit WatchedSpace(const Space& space);
  ~WatchedSpace();
  WatchedSpace(const WatchedSpace&) = delete;
  WatchedSpace& operator=(const WatchedSpace&) = delete;

 private:
  const Space* before_;
};

}  // namespace steer
