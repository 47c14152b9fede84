// The time in which a deterministic solver takes ways to be nearly straight.
#pragma once

#include <string>

#include "steer/diffusion/process.h"

namespace steer {

// A time t of sigma, and the probability flow in it, dz/dt = slope:
//
//   sigma   t = sigma, z = x, slope (x - D) / sigma
//   flow    t = sigma / (1 + sigma), z = (1 - t) x, slope (x - D) / sigma - D, the velocity noise - data,
//   which
//           is constant along straight ways between the two
class SolverTime {
 public:
  // "sigma" or "flow"; Error for other words.
  explicit SolverTime(const std::string& name);

  double time(double sigma) const;                                      // t
  double sigma(double time) const;                                      // its inverse
  Tensor place(const Tensor& x, double sigma) const;                    // z of x
  Tensor sample(const Tensor& z, double sigma) const;                   // x of z
  Tensor slope(const Tensor& x, const Tensor& x0, double sigma) const;  // dz/dt where the denoiser says x0

 private:
  bool flow_;
};

}  // namespace steer
