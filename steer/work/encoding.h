// Samples to codes, any number of them.
#pragma once

#include "steer/models/codec.h"
#include "steer/work/watching.h"

namespace steer {

// Samples encoded `batch` at a time (the codes do not depend on it) with a beam of `beam` on a device, told
// these things (of N samples, or nothing); on the processor. Tells the watch as "encode"; Error where it asks
// to end, because codes of some of the samples are of no use.
Encoded encode_all(const Codec& codec, const State& samples, int64_t batch, int64_t beam,
                   torch::Device device, const Told& told = {}, const WorkWatch& watch = {});

}  // namespace steer
