#include "steer/diffusion/prediction.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/options.h"

namespace steer {
namespace {

// A prediction is linear in xbar and y: value = p xbar + q y.
struct Combination {
  Tensor p, q;
};

// a' y + b' n with n = (xbar - y) / sigma.
Combination along_path(const Tensor& a_rate, const Tensor& b_rate, const Tensor& sigma) {
  return {b_rate / sigma, a_rate - b_rate / sigma};
}

Combination combination(Prediction prediction, const Tensor& sigma) {
  const Tensor one = at::ones_like(sigma);
  const Tensor a = (1 + sigma * sigma).rsqrt();
  switch (prediction) {
    case Prediction::kEps:
      return {1 / sigma, -1 / sigma};
    case Prediction::kX0:
      return {at::zeros_like(sigma), one};
    case Prediction::kV:
      return along_path(-sigma * a, a, sigma);
    case Prediction::kVelocity:
      return along_path(-one, one, sigma);
    case Prediction::kScore:
      return {-1 / (sigma * sigma), 1 / (sigma * sigma)};
    case Prediction::kEdm:
      break;
  }
  fail("[prediction] expected eps, x0, v, velocity or score but got edm, which depends on sigma_data");
}

}  // namespace

const std::vector<Named>& predictions() {
  static const std::vector<Named> table = {
      {"eps", "the noise"},
      {"x0", "the data"},
      {"v", "the velocity on the circle of data and noise (Salimans and Ho 2022)"},
      {"velocity", "the direction of the straight way, noise less data"},
      {"score", "the gradient of the log density"},
      {"edm", "a mixture of data and noise by level (Karras et al. 2022)"},
  };
  return table;
}

const std::vector<std::string>& prediction_names() {
  static const std::vector<std::string> names = names_of(predictions());
  return names;
}

Prediction make_prediction(const std::string& name) {
  const auto& names = prediction_names();
  const auto found = std::find(names.begin(), names.end(), name);
  STEER_CHECK(found != names.end(), "[prediction] expected eps, x0, v, velocity, score or edm but got ", name,
              did_you_mean(name, names));
  return static_cast<Prediction>(found - names.begin());
}

std::string name(Prediction prediction) {
  return prediction_names()[static_cast<size_t>(prediction)];
}

Tensor over(const Tensor& values, const Tensor& x) {
  STEER_CHECK(values.dim() == 1 && x.dim() >= 1 && values.size(0) == x.size(0),
              "[diffusion] expected one value for each of ", x.dim() > 0 ? x.size(0) : 0, " samples but got ",
              values.numel());
  std::vector<int64_t> shape(static_cast<size_t>(x.dim()), 1);
  shape[0] = x.size(0);
  return values.to(x.options()).view(shape);
}

Tensor x0_from(Prediction prediction, const Tensor& value, const Tensor& xbar, const Tensor& sigma) {
  const Combination c = combination(prediction, sigma.to(torch::kFloat64));
  return over(1 / c.q, xbar) * value - over(c.p / c.q, xbar) * xbar;
}

Tensor from_x0(Prediction prediction, const Tensor& x0, const Tensor& xbar, const Tensor& sigma) {
  const Combination c = combination(prediction, sigma.to(torch::kFloat64));
  return over(c.p, xbar) * xbar + over(c.q, xbar) * x0;
}

Tensor converted(Prediction from, Prediction to, const Tensor& value, const Tensor& xbar,
                 const Tensor& sigma) {
  return from_x0(to, x0_from(from, value, xbar, sigma), xbar, sigma);
}

}  // namespace steer
