// What a network may be trained to predict of y, given xbar = y + sigma n, and how one kind becomes another.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "steer/core/named.h"

namespace steer {

using torch::Tensor;

// The kinds of predictions.
enum class Prediction {
  kEps,       // the noise n = (xbar - y) / sigma (Ho et al. 2020)
  kX0,        // the data y
  kV,         // a n - b y, a = 1 / sqrt(1 + sigma^2), b = sigma a (Salimans and Ho 2022)
  kVelocity,  // n - y, d/dt of x_t = (1 - t) y + t n (Liu et al. 2022)
  kScore,     // the gradient of ln p(xbar; sigma): (y - xbar) / sigma^2; that of x_t is this divided by s
  kEdm,       // F of Karras et al. 2022; it depends on sigma_data and exists as a preconditioning alone
};

// Their names in that order: eps, x0, v, velocity, score and edm.
const std::vector<std::string>& prediction_names();
// The same with what each means.
const std::vector<Named>& predictions();

// The prediction of a name (Error for another word), and the name of a prediction.
Prediction make_prediction(const std::string& name);
std::string name(Prediction prediction);

// Values [B] shaped [B, 1, ...] for products with x [B, ...], in x's number type and on its device.
Tensor over(const Tensor& values, const Tensor& x);

// y from a prediction, or the prediction that y makes; value, x0 and xbar [B, ...], sigma [B] above 0. With
// `velocity` or `v` as functions of a path, v = a' y + b' n. Error for edm.
Tensor x0_from(Prediction prediction, const Tensor& value, const Tensor& xbar, const Tensor& sigma);
Tensor from_x0(Prediction prediction, const Tensor& x0, const Tensor& xbar, const Tensor& sigma);

// One kind of prediction as another.
Tensor converted(Prediction from, Prediction to, const Tensor& value, const Tensor& xbar,
                 const Tensor& sigma);

}  // namespace steer
