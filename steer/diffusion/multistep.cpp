#include "steer/diffusion/multistep.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

namespace steer {
namespace {

// What former steps saw, the latest first.
class Looks {
 public:
  // Keeps at most `most` of them.
  void add(double place, const Tensor& value, int64_t most) {
    places_.push_front(place), values_.push_front(value);
    while (size() > most) places_.pop_back(), values_.pop_back();
  }

  int64_t size() const { return static_cast<int64_t>(values_.size()); }
  double latest() const { return places_.front(); }
  const Tensor& value(size_t j) const { return values_[j]; }

  // The places of the first n, seen from the latest.
  std::vector<double> nodes(int64_t n) const {
    std::vector<double> nodes;
    for (int64_t j = 0; j < n; ++j) nodes.push_back(places_[static_cast<size_t>(j)] - latest());
    return nodes;
  }

  Tensor sum(const std::vector<double>& weights) const {
    Tensor sum = weights[0] * values_[0];
    for (size_t j = 1; j < weights.size(); ++j) sum = sum + weights[j] * values_[j];
    return sum;
  }

 private:
  std::deque<double> places_;
  std::deque<Tensor> values_;
};

// The integrals of w^k over w from 0 to h, k below n.
std::vector<double> plain_moments(double h, int64_t n) {
  std::vector<double> moments;
  for (int64_t k = 0; k < n; ++k) moments.push_back(std::pow(h, k + 1) / static_cast<double>(k + 1));
  return moments;
}

std::vector<double> plain_weights(const std::vector<double>& nodes, double h) {
  return interpolating_weights(nodes, plain_moments(h, static_cast<int64_t>(nodes.size())));
}

// The integrals over w from 0 to h of e^(sign w) w^k, k below n, divided by e^(sign h) where sign is 1.
std::vector<double> exponential_moments(double h, int sign, int64_t n) {
  std::vector<double> moments;
  double scale = sign > 0 ? h : h * std::exp(-h);
  for (int64_t k = 0; k < n; ++k) {
    if (k > 0) scale *= static_cast<double>(k) * h;  // k! h^(k + 1)
    moments.push_back(scale * phi(k + 1, -sign * h));
  }
  return moments;
}

// The weights of D at `nodes` in a step of length h from 0. Of two nodes UniPC takes half of B(h) for the
// difference, which is exact to the same order.
std::vector<double> unipc_weights(const std::vector<double>& nodes, double h) {
  std::vector<double> moments = exponential_moments(h, 1, static_cast<int64_t>(nodes.size()));
  if (nodes.size() == 2) moments[1] = moments[0] * h / 2;
  return interpolating_weights(nodes, moments);
}

// Predicts by a polynomial through what `order` steps saw, and once the value at the prediction is known,
// which the next step needs anyway, corrects by the polynomial through that too. `weights` are those of
// values at nodes in a step of length h from 0.
class PredictorCorrector {
 public:
  using Weights = std::vector<double> (*)(const std::vector<double>& nodes, double h);
  PredictorCorrector(int64_t order, Weights weights) : order_(order), weights_(weights) {}

  // What the last prediction lacks, given the value where it led to. Both polynomials begin at one place:
  // only their sums differ. Undefined before the first prediction.
  Tensor correction(double place, const Tensor& value) const {
    if (used_ == 0) return {};
    const double h = place - looks_.latest();
    std::vector<double> nodes = looks_.nodes(used_);
    const Tensor predicted = looks_.sum(weights_(nodes, h));
    nodes.push_back(h);
    std::vector<double> weights = weights_(nodes, h);
    const double own = weights.back();
    weights.pop_back();
    return looks_.sum(weights) + own * value - predicted;
  }

  // The way from `place`, where the value is known now, by h; of an order not above `most`.
  Tensor prediction(double place, const Tensor& value, double h, int64_t most) {
    looks_.add(place, value, order_);
    used_ = std::min(looks_.size(), most);
    return looks_.sum(weights_(looks_.nodes(used_), h));
  }

 private:
  int64_t order_;
  Weights weights_;
  Looks looks_;
  int64_t used_ = 0;
};

}  // namespace

double phi(int64_t k, double z) {
  if (std::abs(z) < 1) {
    constexpr int kTerms = 20;  // 1 / 20! is below the rounding of doubles
    double term = 1;
    for (int64_t i = 2; i <= k; ++i) term /= static_cast<double>(i);
    double sum = term;
    for (int n = 1; n < kTerms; ++n) sum += term *= z / static_cast<double>(n + k);
    return sum;
  }
  double value = std::exp(z), factorial = 1;
  for (int64_t i = 0; i < k; ++i) {
    if (i > 1) factorial *= static_cast<double>(i);
    value = (value - 1 / factorial) / z;
  }
  return value;
}

std::vector<double> interpolating_weights(const std::vector<double>& nodes,
                                          const std::vector<double>& moments) {
  std::vector<double> weights;
  for (size_t j = 0; j < nodes.size(); ++j) {
    // The coefficients of the polynomial that is 1 at node j and 0 at the others.
    std::vector<double> basis = {1};
    for (size_t k = 0; k < nodes.size(); ++k) {
      if (k == j) continue;
      const double gap = nodes[j] - nodes[k];
      basis.push_back(0);
      for (size_t i = basis.size(); i-- > 0;)
        basis[i] = ((i > 0 ? basis[i - 1] : 0) - nodes[k] * basis[i]) / gap;
    }
    double weight = 0;
    for (size_t i = 0; i < basis.size(); ++i) weight += basis[i] * moments[i];
    weights.push_back(weight);
  }
  return weights;
}

Step adams_bashforth(int64_t order, const SolverTime& time) {
  Looks slopes;
  return [order, time, slopes](const Denoiser& D, const Tensor& x, double sigma, double next) mutable {
    const double at = time.time(sigma), h = time.time(next) - at;
    slopes.add(at, time.slope(x, denoised(D, x, sigma), sigma), order);
    const Tensor way = slopes.sum(plain_weights(slopes.nodes(slopes.size()), h));
    return time.sample(time.place(x, sigma) + way, next);
  };
}

Step adams(int64_t order, const SolverTime& time) {
  PredictorCorrector slopes(order, plain_weights);
  return [order, time, slopes](const Denoiser& D, const Tensor& x, double sigma, double next) mutable {
    const double at = time.time(sigma);
    const Tensor slope = time.slope(x, denoised(D, x, sigma), sigma);
    Tensor z = time.place(x, sigma);
    if (const Tensor lacking = slopes.correction(at, slope); lacking.defined()) z = z + lacking;
    return time.sample(z + slopes.prediction(at, slope, time.time(next) - at, order), next);
  };
}

Step deis(int64_t order) {
  Looks slopes;
  return [order, slopes](const Denoiser& D, const Tensor& x, double sigma, double next) mutable {
    const Tensor x0 = denoised(D, x, sigma);
    if (next == 0) return x0;
    slopes.add(-std::log(sigma), (x - x0) / sigma, order);
    const std::vector<double> moments = exponential_moments(std::log(sigma / next), -1, slopes.size());
    return x - sigma * slopes.sum(interpolating_weights(slopes.nodes(slopes.size()), moments));
  };
}

Step unipc(int64_t order, int64_t steps) {
  PredictorCorrector answers(order, unipc_weights);
  int64_t left = steps > 0 ? steps : std::numeric_limits<int64_t>::max();
  return [answers, left](const Denoiser& D, const Tensor& start, double sigma, double next) mutable {
    const double place = -std::log(sigma);
    const Tensor x0 = denoised(D, start, sigma);
    if (next == 0) return x0;
    Tensor x = start;
    if (const Tensor lacking = answers.correction(place, x0); lacking.defined()) x = x + lacking;
    return next / sigma * x + answers.prediction(place, x0, std::log(sigma / next), left--);
  };
}

}  // namespace steer
