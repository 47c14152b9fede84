// The noise that sampling begins with and the noise of its steps, functions of each sample's seed alone.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>

namespace steer {

using torch::Tensor;

// Standard normal numbers [B, ...], float64: the draw-th of a sampling run, counted from 0.
using Noise = std::function<Tensor(int64_t draw)>;

// Row i of every draw [B, shape...] is a function of seeds[i] (int64 [B]) and the draw; on the seeds' device.
Noise seeded_noise(const Tensor& seeds, at::IntArrayRef shape);

// sigma_max n: float64 [B, shape...], unrelated to the draws of seeded_noise.
Tensor starting_noise(const Tensor& seeds, at::IntArrayRef shape, double sigma_max);

}  // namespace steer
