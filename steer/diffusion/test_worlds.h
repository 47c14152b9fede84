// Small things that the tests of this folder share: the Gaussian world in closed form, processes by name, and
// tensors by value.
#pragma once

#include <cmath>
#include <string>

#include "steer/core/random.h"
#include "steer/diffusion/process.h"
#include "steer/diffusion/worlds.h"

namespace steer {

inline Tensor doubles(const std::vector<double>& values) {
  return at::tensor(values, at::TensorOptions().dtype(torch::kFloat64));
}

// Standard normal numbers of the given shape.
inline Tensor normals(uint64_t seed, at::IntArrayRef rest, int64_t count) {
  return normal_rows(sample_seeds(seed, count), 99, rest).to(torch::kFloat64);
}

inline Process process_of(const std::string& type, double sigma_data = 0.5) {
  ProcessOptions options;
  options.type = type, options.sigma_data = sigma_data;
  return make_process(options);
}

// N(mu, s^2) in every number: D, and where the probability flow takes x at sigma_max to at sigma.
struct GaussianWorld {
  double mu = 0.3, s = 0.7;
  Denoiser denoiser() const {
    return [*this](const Tensor& x, const Tensor& sigma) {
      const Tensor level = over(sigma, x), square = level * level;
      return (s * s * x + square * mu) / (s * s + square);
    };
  }
  Tensor flow(const Tensor& x, double sigma_max, double sigma) const {
    return mu + (x - mu) * std::sqrt((s * s + sigma * sigma) / (s * s + sigma_max * sigma_max));
  }
};

inline double largest(const Tensor& difference) {
  return difference.abs().max().item<double>();
}

}  // namespace steer
