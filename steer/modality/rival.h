// What samples of one kind are coded by elsewhere, to compare codes with.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "steer/core/state.h"

namespace steer {

// Samples that went through a format.
struct RivalSamples {
  Tensor bits;       // float64 [N], of each whole file
  Tensor bare_bits;  // float64 [N], without what all files of this format can share
  State given;       // N samples as the format was given them: pictures have 8 bits
  State state;       // N samples, what came back
};

// A format of files.
struct Rival {
  std::string name;                // "jpeg"
  std::string shared;              // what its files can share: "headers and tables"
  std::vector<int64_t> qualities;  // some that span what it can do, the least first
  // Samples on the processor through it at one of these qualities.
  std::function<RivalSamples(const State& samples, int64_t quality)> through;
};

}  // namespace steer
