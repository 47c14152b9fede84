// What a network may be trained to predict of y, given xbar = y + sigma n, and how one kind becomes another.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

namespace steer {

using torch::Tensor;

// eps        the noise n = (xbar - y) / sigma (Ho et al. 2020)
// x0         the data y
// v          a n - b y, a = 1 / sqrt(1 + sigma^2), b = sigma a (Salimans and Ho 2022)
// velocity   n - y, d/dt of x_t = (1 - t) y + t n (Liu et al. 2022)
// score      the gradient of ln p(xbar; sigma): (y - xbar) / sigma^2; that of x_t is this divided by s
// edm        F of Karras et al. 2022; it depends on sigma_data and exists as a preconditioning alone
enum class Prediction { kEps, kX0, kV, kVelocity, kScore, kEdm };

const std::vector<std::string>& prediction_names();
Prediction make_prediction(const std::string& name);  // Error for a word that is none of them
std::string name(Prediction prediction);

// Values [B] shaped [B, 1, ...] for products with x [B, ...], in x's number type and on its device.
Tensor over(const Tensor& values, const Tensor& x);

// y from a prediction and back; value, x0 and xbar [B, ...], sigma [B] above 0. With `velocity` or `v` as
// functions of a path, v = a' y + b' n. Error for edm.
Tensor x0_from(Prediction prediction, const Tensor& value, const Tensor& xbar, const Tensor& sigma);
Tensor from_x0(Prediction prediction, const Tensor& x0, const Tensor& xbar, const Tensor& sigma);

// One kind of prediction as another.
Tensor converted(Prediction from, Prediction to, const Tensor& value, const Tensor& xbar,
                 const Tensor& sigma);

}  // namespace steer
