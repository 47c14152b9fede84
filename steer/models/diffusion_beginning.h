// Where a diffusion begins that is given samples: at their level of noise.
#pragma once

#include <memory>

#include "steer/models/diffusion_model.h"

namespace steer {

// Where a solver begins, and the levels that it visits from there.
struct DiffusionStart {
  Tensor levels;  // float64 [steps + 1]
  Tensor x;       // [N, sizes...], in sigma coordinates
};

// Where the flow takes samples x0 [N, ...] without noise, backwards: x at the first of the levels (float64
// [steps + 1], falling to 0), float64, by Heun's steps on the velocity in flow time (solver_time.h), two
// evaluations each. The first step, from no noise, takes the denoiser's answer for x0 at the lowest level.
Tensor inverted(const Denoiser& denoiser, const Tensor& x0, const Tensor& levels);

// The noise of unit variance, float64 [N, sizes...], from which the model's own sampler leads to samples:
// that of inverted() on its grid, told label_backwards() of `label`.
Tensor latents_of(const DiffusionModel& model, const State& from, const Tensor& label = {});

// On the great circle between two noises of one shape, at a share of the angle from a to b (Shoemake 1985):
// of normal noises it keeps the length, which a straight way does not.
Tensor between(const Tensor& a, const Tensor& b, double share);

// What samples of a model are told on the way back: no class where the model knows that, else `label`.
Tensor label_backwards(const DiffusionModel& model, const Tensor& label);

// From pure noise of these seeds, at these places (DiffusionModel::places), at the first level of the
// sampler's grid; or, where there is a beginning, from its samples with noise of sigma = s / (1 - s), s its
// share: x_t = (1 - s) x0 + s n in sigma coordinates, the same for every process. As many steps as the
// sampler says lead from there to 0, on its grid's law (grids that pick from a table give way to `time`). A
// share whose sigma is above the grid's first level begins there. An inverted beginning goes up these levels
// first, told label_backwards() of `label` [N]; `calls` counts its evaluations.
DiffusionStart start_of(const DiffusionModel& model, const SamplerOptions& sampler, const Beginning& begin,
                        const Tensor& seeds, const Tensor& places, const Tensor& label = {},
                        const std::shared_ptr<int64_t>& calls = nullptr);

}  // namespace steer
