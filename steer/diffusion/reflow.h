// Rectified flow's second stage (Liu et al. 2022): the ways of a trained flow, straightened and cut short.
#pragma once

#include <cstdint>

#include "steer/diffusion/loss.h"
#include "steer/diffusion/solver.h"

namespace steer {

// Noise and where a trained model's probability flow takes it.
struct Pairs {
  Tensor noise;  // n, standard normal, float64 [N, ...]
  Tensor data;   // the endpoint of the way that begins at sigma_max n, float64 [N, ...]
};

// A pair for each of the seeds (int64 [N]), samples of `shape`, by a solver without randomness; levels as in
// `solve`. A pair depends on its seed alone. Error for a solver that draws noise.
Pairs reflow_pairs(const Denoiser& denoiser, const Tensor& seeds, at::IntArrayRef shape, const Tensor& levels,
                   const SolverOptions& options);

// The loss of the straight line from each pair's noise to its data, [N]: the network, a velocity predictor of
// the process, sees x_t = (1 - t) data + t noise, t = sigma / (1 + sigma), and should say noise - data. sigma
// [N] as draw_sigmas gives it.
Tensor velocity_loss_of_pairs(const NoisePredictor& network, const Process& process, const Pairs& pairs,
                              const Tensor& sigma);

// The loss of one step from a fixed place on the way, [N]: (D(x; sigma) - data)^2 / sigma_t^2, mean over the
// numbers of a sample, where x is the point of the line at sigma and sigma_t = sigma / (1 + sigma); at the
// process's sigma_max x is sigma_max n, the start of sampling, so that one step of Euler gives the data.
// sigma = 0 stands for that.
Tensor distillation_loss(const NoisePredictor& network, Prediction prediction, const Process& process,
                         const Pairs& pairs, double sigma = 0);

// How far ways are from straight lines: the mean over the steps and numbers of ((n - y) - v)^2 for the
// velocity v = (x_t - D_t) / t seen by the flow on its way to its own endpoint y (Liu et al. 2022, equation
// 8), float64 [N]; 0 for a straight flow.
Tensor straightness(const Denoiser& denoiser, const Pairs& pairs, const Tensor& levels);

}  // namespace steer
