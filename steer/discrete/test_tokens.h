// What tests of discrete diffusion share: schedules, exact laws of one token.
#pragma once

#include <vector>

#include "steer/discrete/token_process.h"

namespace steer {

inline std::vector<TokenProcessOptions> all_token_processes() {
  std::vector<TokenProcessOptions> all;
  for (const Named& type : token_processes())
    for (const Named& schedule : token_schedules()) {
      all.emplace_back();
      all.back().type = type.name, all.back().schedule = schedule.name;
    }
  return all;
}

inline Tensor fine(const std::vector<double>& values) {
  return at::tensor(values, at::TensorOptions().dtype(torch::kFloat64));
}

// Relative where numbers are above 1.
inline double largest_difference(const Tensor& a, const Tensor& b) {
  return ((a - b).abs() / b.abs().clamp_min(1)).max().item<double>();
}

// q(x_t = j | x_0 = i), [N, states].
inline Tensor transition(const TokenProcess& process, double alpha) {
  const int64_t n = process.vocabulary();
  Tensor q = alpha * at::eye(n, process.states(), at::TensorOptions().dtype(torch::kFloat64));
  if (process.absorbing())
    q.select(1, n) += 1 - alpha;
  else
    q += (1 - alpha) / static_cast<double>(n);
  return q;
}

// q(x_t = j | x_s = i) of all states, [states, states], by the alphas of both.
inline Tensor transition_between(const TokenProcess& process, double alpha_t, double alpha_s) {
  const double stay = alpha_t / alpha_s;
  const int64_t states = process.states();
  Tensor q = stay * at::eye(states, at::TensorOptions().dtype(torch::kFloat64));
  if (process.absorbing()) {
    q.select(1, states - 1) += 1 - stay;
    q.select(0, states - 1).zero_();
    q.select(0, states - 1).select(0, states - 1).fill_(1);
  } else {
    q += (1 - stay) / static_cast<double>(states);
  }
  return q;
}

}  // namespace steer
