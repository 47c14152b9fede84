#include "steer/diffusion/solver_time.h"

#include "steer/core/check.h"

namespace steer {

SolverTime::SolverTime(const std::string& name) : flow_(name == "flow") {
  STEER_CHECK(flow_ || name == "sigma", "[solver] time: expected sigma or flow but got ", name);
}

double SolverTime::time(double sigma) const {
  return flow_ ? sigma / (1 + sigma) : sigma;
}

double SolverTime::sigma(double time) const {
  return flow_ ? time / (1 - time) : time;
}

Tensor SolverTime::place(const Tensor& x, double sigma) const {
  return flow_ ? x / (1 + sigma) : x;
}

Tensor SolverTime::sample(const Tensor& z, double sigma) const {
  return flow_ ? z * (1 + sigma) : z;
}

Tensor SolverTime::slope(const Tensor& x, const Tensor& x0, double sigma) const {
  const Tensor noise = (x - x0) / sigma;
  return flow_ ? noise - x0 : noise;
}

}  // namespace steer
