// Work on many rows, some at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "steer/core/check.h"
#include "steer/work/watching.h"

namespace steer {

// Calls f(at, rows) for the rows at .. at + rows - 1 of `count`, `batch` at a time, and tells the watch how
// far it has come under this title. Error where there are no rows, and where the watch asks to end before the
// last.
template <class F>
void in_batches(const std::string& title, int64_t count, int64_t batch, const WorkWatch& watch, const F& f) {
  STEER_CHECK(count > 0 && batch > 0, "[", title,
              "] expected at least one sample and batches of one but got ", count, " and ", batch);
  STEER_CHECK(tell(watch, {title, 0, "", nullptr}), "[", title, "] interrupted");
  for (int64_t at = 0; at < count; at += batch) {
    const int64_t rows = std::min(batch, count - at);
    f(at, rows);
    const bool last = at + rows == count;
    const double share = static_cast<double>(at + rows) / static_cast<double>(count);
    STEER_CHECK(tell(watch, {title, share, "", nullptr}) || last, "[", title, "] interrupted");
  }
}

}  // namespace steer
