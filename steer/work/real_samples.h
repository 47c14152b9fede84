// Real samples that drawn ones are measured against.
#pragma once

#include <string>

#include "steer/core/space.h"
#include "steer/work/samples.h"

namespace steer {

// A reference, and others that show how far apart real samples are.
struct RealSamples {
  LoadedSamples reference;   // at most as many as asked
  LoadedSamples others;      // at most as many again
  std::string split, other;  // where they are from: splits of the data, or halves of one
};

// At most `count` of each: the source's split, and train where that is test, else test. Data without that
// split are taken as they are, with a notice, and data without a second one are halved. Error where there are
// not two samples for either. Uses data, split and fit of the source.
RealSamples real_samples(const SampleSource& source, const Space& space, int64_t count);

}  // namespace steer
