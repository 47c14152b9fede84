// Samples to codes and back, any number of them.
#pragma once

#include "steer/models/codec.h"
#include "steer/work/watching.h"

namespace steer {

// All of these take rows `batch` at a time, which changes no result, on a device, told these things (of N
// samples, or nothing). Results are on the processor. They tell the watch, and throw Error where it asks to
// end, because a part of the rows is of no use.

// Samples encoded with a beam of `beam`; the watch hears "encode".
Encoded encode_all(const Codec& codec, const State& samples, int64_t batch, int64_t beam,
                   torch::Device device, const Told& told = {}, const WorkWatch& watch = {});

// The samples of codes int64 [N, L], inside the limit of their space; the watch hears "decode".
State decode_all(const Codec& codec, const Tensor& code, int64_t batch, torch::Device device,
                 const Told& told = {}, const WorkWatch& watch = {});

// What codes int64 [N, L] say after each of `layers` (from 0, rising; empty: all): as many states of N
// samples, inside the limit of their space; the watch hears "decode".
std::vector<State> unfold_all(const Codec& codec, const Tensor& code, const std::vector<int64_t>& layers,
                              int64_t batch, torch::Device device, const Told& told = {},
                              const WorkWatch& watch = {});

// The last layer of each size.
std::vector<int64_t> last_of_sizes(const Codec& codec);

// Mean squared error of each of N samples: float64 [N].
Tensor error_of(const State& samples, const State& truth);

}  // namespace steer
