// How linear measurements pull a denoised sample through the covariance that the denoiser itself gives.
#pragma once

#include <functional>
#include <vector>

#include "steer/objectives/measurement.h"

namespace steer {

// u [N, ...] times the transposed derivative of the denoiser's answer in its input, of the same shape.
using PassBack = std::function<Tensor(const Tensor& u)>;

// sum_i A_i' v_i [N, ...], where v solves (A C A' + noise^2) v = y - A x0 for all measurements together: the
// gradient in x0 of ln N(y; A x0, A C A' + noise^2), C held. C = variance back(.) is the covariance of clean
// samples given the unfinished one, which is sigma^2 dD/dxbar where D is exact (Efron 2011). `steps` steps of
// conjugate gradients (Hestenes and Stiefel 1952), each one pass back, each sample for itself; a sample whose
// C is not positive there keeps what it has.
Tensor covariance_pull(const std::vector<Measurement>& measurements, const Tensor& x0, double variance,
                       const PassBack& back, int64_t steps);

}  // namespace steer
