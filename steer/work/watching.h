// How whoever asked for work sees it go on, and ends it.
#pragma once

#include <functional>
#include <string>

#include "steer/core/watch.h"

namespace steer {

// How far a work has come.
struct Moment {
  std::string title;                 // of this part of the work: "guide", "search climb.rho 2"
  double share = 0;                  // of the part that is done, in [0, 1]; 1 ends it
  std::string note;                  // figures in a few words, or nothing
  const Glimpse* glimpse = nullptr;  // while samples are drawn
};

// Called now and then; false asks the work to end soon. What it has by then it keeps where it says so. May be
// empty.
using WorkWatch = std::function<bool(const Moment&)>;

// Tells a watch, where there is one. False where it asks to end.
inline bool tell(const WorkWatch& watch, const Moment& moment) {
  return !watch || watch(moment);
}

// The watch of one part out of several alike: shares become those of all of them.
inline WorkWatch of_part(const WorkWatch& watch, size_t part, size_t parts) {
  if (!watch || parts == 1) return watch;
  return [watch, part, parts](const Moment& moment) {
    Moment whole = moment;
    whole.share = (static_cast<double>(part) + moment.share) / static_cast<double>(parts);
    return watch(whole);
  };
}

}  // namespace steer
