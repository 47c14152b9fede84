#include "steer/metrics/frechet.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

Tensor checked(const Tensor& features, const char* name) {
  STEER_CHECK(features.dim() == 2 && features.size(0) > 1 && features.size(1) > 0, "[", name,
              "] expected features [at least 2, D] but got ", shape_text(features.sizes()));
  const Tensor wide = features.to(torch::kFloat64);
  STEER_CHECK(wide.isfinite().all().item<bool>(), "[", name, "] expected finite features");
  return wide;
}

Tensor square_root(const Tensor& covariance) {
  const auto [values, vectors] = at::linalg_eigh(covariance);
  return at::mm(vectors * values.clamp_min(0).sqrt(), vectors.t());
}

// The mean of (x y / D + 1)^3 over all pairs, without pairs of a row with itself where both are one set.
double mean_kernel(const Tensor& x, const Tensor& y, bool same) {
  constexpr int64_t kRows = 1000;
  double sum = 0;
  for (int64_t at = 0; at < x.size(0); at += kRows) {
    const Tensor rows = x.narrow(0, at, std::min(kRows, x.size(0) - at));
    sum += (at::mm(rows, y.t()) / x.size(1) + 1).pow(3).sum().item<double>();
  }
  const auto n = static_cast<double>(x.size(0)), m = static_cast<double>(y.size(0));
  if (!same) return sum / (n * m);
  sum -= (x.square().sum(1) / x.size(1) + 1).pow(3).sum().item<double>();
  return sum / (n * (n - 1));
}

}  // namespace

Moments moments(const Tensor& features) {
  const Tensor x = checked(features, "frechet");
  const Tensor mean = x.mean(0), centred = x - mean;
  return {mean, at::mm(centred.t(), centred) / (x.size(0) - 1), x.size(0)};
}

double frechet_distance(const Moments& a, const Moments& b) {
  STEER_CHECK(a.mean.sizes() == b.mean.sizes(), "[frechet] expected features of one network but got ",
              a.mean.size(0), " and ", b.mean.size(0), " of them");
  // The eigenvalues of A B are those of the symmetric A^(1/2) B A^(1/2).
  const Tensor root = square_root(a.covariance);
  const Tensor inner = at::mm(at::mm(root, b.covariance), root);
  const Tensor values = at::linalg_eigvalsh((inner + inner.t()) / 2).clamp_min(0);
  const Tensor trace = a.covariance.trace() + b.covariance.trace() - 2 * values.sqrt().sum();
  return ((a.mean - b.mean).square().sum() + trace).item<double>();
}

double kernel_distance(const Tensor& a, const Tensor& b) {
  const Tensor x = checked(a, "kernel_distance"), y = checked(b, "kernel_distance");
  STEER_CHECK(x.size(1) == y.size(1), "[kernel_distance] expected features of one network but got ",
              x.size(1), " and ", y.size(1), " of them");
  return mean_kernel(x, x, true) + mean_kernel(y, y, true) - 2 * mean_kernel(x, y, false);
}

}  // namespace steer
