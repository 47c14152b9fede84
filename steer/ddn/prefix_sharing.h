// Runs every prefix of a code once, however many rows have it in common.
#pragma once

#include "steer/ddn/candidates.h"

namespace steer {

// While a layer has at most half as many prefixes as there are rows, the forward carries one row for each
// prefix, K times as many from layer to layer, in place of one for each of the rows; then it goes on with the
// rows themselves. Nothing but the work changes. The network must be unconditional: its first layers must
// give all rows the same.
class PrefixSharing {
 public:
  // `chooser` decides for `rows` rows as if each had a forward of its own.
  PrefixSharing(Chooser chooser, int64_t rows);

  // The chooser to run the network with, on one row. It may be run once and must not outlive this object.
  Chooser chooser();

  // After the layer just chosen: which row of the forward stands for each row, int64 [rows]; undefined when
  // they are the same.
  const Tensor& place() const { return place_; }
  // What the inner chooser said of the `rows` rows at the layer just chosen.
  const Choice& said() const { return said_; }

 private:
  Choice choose(const Candidates& candidates, int64_t layer);

  Chooser inner_;
  int64_t rows_;
  bool shared_ = true;
  Tensor place_;
  Choice said_;
};

}  // namespace steer
