// Trades time for memory: activations that are made again when a gradient needs them (Chen et al. 2016).
#pragma once

#include <torch/types.h>

#include <functional>
#include <vector>

namespace steer {

using torch::Tensor;

// A part of a network: a tensor out of at most four.
using Recomputable = std::function<Tensor(const std::vector<Tensor>& inputs)>;

// f(inputs), of which nothing is kept but the inputs: the backward pass runs f again. `f` must give the same
// each time, so what it draws must follow a seed. At most four inputs; undefined ones reach it as they are.
// Gradients of the parameters that f uses are added to their grad() by backward(); torch::autograd::grad sees
// those of the inputs alone. Without gradients it is f itself.
Tensor recomputed(const Recomputable& f, const std::vector<Tensor>& inputs);

}  // namespace steer
