// What a network's forward is told beside its inputs, so that it is a function of these and its weights:
// several threads may run one network at once.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>

namespace steer {

using torch::Tensor;

// Decides which activations a forward drops; none: it drops nothing.
using DropoutSeed = std::optional<uint64_t>;

// How a network runs this once.
struct Forwarding {
  DropoutSeed dropout_seed;                       // set while training
  std::optional<torch::ScalarType> compute_type;  // float32 or bfloat16; none: the network's own
};

// The seed of a part of a network that has this number in it; other numbers give unrelated seeds.
DropoutSeed seed_of_part(const DropoutSeed& seed, uint64_t number);

// x with each value set to zero with this chance, in [0, 1), and the others divided by 1 - chance (Srivastava
// et al. 2014); x itself where the chance is 0 or there is no seed. What is dropped is a function of the seed
// and of x's shape, layout, number type and kind of device, drawn by a generator of its own, so that a second
// call drops the same.
Tensor with_dropout(const Tensor& x, double chance, const DropoutSeed& seed);

}  // namespace steer
