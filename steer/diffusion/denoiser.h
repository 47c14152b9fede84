// The denoiser D(xbar; sigma), the one function through which solvers, guidance and likelihood see a model.
#pragma once

#include <functional>
#include <memory>

#include "steer/diffusion/prediction.h"
#include "steer/diffusion/process.h"

namespace steer {

// The mean of the data y given xbar = y + sigma n: x [B, ...] in sigma coordinates, sigma [B] (float64 or
// float32, above 0) -> [B, ...] like x.
using Denoiser = std::function<Tensor(const Tensor& x, const Tensor& sigma)>;

// The denoiser of some of a batch's samples: rows, int64 [b], are their places in it. For solvers that let
// finished samples go while a condition belongs to each row.
using DenoiserOf = std::function<Denoiser(const Tensor& rows)>;

// A network alone: (input [B, ...], noise label [B]) -> F [B, ...].
using NoisePredictor = std::function<Tensor(const Tensor& x, const Tensor& label)>;

// D(xbar; sigma) = skip xbar + out F(in xbar; label). All float64 [B].
struct Preconditioning {
  Tensor skip, out, in;  // factors
  Tensor label;          // what the network is told of sigma
};

// The coefficients of a network that predicts `prediction` and sees `process`:
//
//   prediction  skip                          out                               in
//   eps         1                             -sigma                            s
//   x0          0                             1                                 s
//   v           1 / (1 + sigma^2)             -sigma / sqrt(1 + sigma^2)        s
//   velocity    1 / (1 + sigma)               -sigma / (1 + sigma)              s
//   score       1                             sigma (F is sigma times the score of xbar)  s
//   edm         sd^2 / (sigma^2 + sd^2)       sigma sd / sqrt(sigma^2 + sd^2)   1 / sqrt(sigma^2 + sd^2)
//
// s is the process's scale, so that the network sees x_t; under edm, whose s is 1, it is 1 / sqrt(sigma^2 +
// sd^2) for every prediction. The label is the process's own.
Preconditioning preconditioning(Prediction prediction, const Process& process, const Tensor& sigma);

// The denoiser of a network. The network computes on `network_type` (input and label); coefficients are
// float64, and the result has x's type.
Denoiser preconditioned(const NoisePredictor& network, Prediction prediction, const Process& process,
                        torch::ScalarType network_type = torch::kFloat32);

// Counts the calls: one network evaluation per sample each.
Denoiser counted(const Denoiser& denoiser, std::shared_ptr<int64_t> calls);

// unconditional + scale (conditional - unconditional) (Ho and Salimans 2022): 0 is the unconditional denoiser
// alone, 1 the conditional alone, at one evaluation; else two.
Denoiser classifier_free(const Denoiser& conditional, const Denoiser& unconditional, double scale);

// The denoiser with its answer clipped to [-limit, limit].
Denoiser clipped(const Denoiser& denoiser, double limit = 1);

// D at one level for all samples.
Tensor denoised(const Denoiser& D, const Tensor& x, double sigma);

}  // namespace steer
