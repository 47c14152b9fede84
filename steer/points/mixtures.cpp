#include "steer/points/mixtures.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/core/pi.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr uint64_t kPartStream = 30000000, kPlaceStream = 30000001;

at::TensorOptions in_doubles() {
  return at::TensorOptions().dtype(torch::kFloat64);
}

// What each part of a mixture says of x [B, d] at sigma [B].
struct Parts {
  Tensor log_weighted;  // [B, K]: ln weight + ln N(x; mu, s^2 + sigma^2)
  Tensor variance;      // [B, K]: s^2 + sigma^2
};

Parts parts_of(const Mixture& m, const Tensor& x, const Tensor& sigma) {
  STEER_CHECK(x.dim() == 2 && x.size(1) == m.means.size(1), "[mixture] expected x [B, ", m.means.size(1),
              "] but got ", shape_text(x.sizes()));
  const Tensor variance = m.stds.square().unsqueeze(0) + sigma.to(torch::kFloat64).square().unsqueeze(1);
  const Tensor distance = (x.unsqueeze(1) - m.means.unsqueeze(0)).square().sum(2);
  const double d = static_cast<double>(x.size(1));
  return {m.weights.log().unsqueeze(0) - distance / (2 * variance) - d / 2 * (2 * kPi * variance).log(),
          variance};
}

// Points of the shapes, evenly placed.
Tensor moons() {
  const Tensor angle = at::linspace(0, kPi, 100, in_doubles());
  const Tensor upper = at::stack({angle.cos() - 0.5, angle.sin() - 0.25}, 1);
  const Tensor lower = at::stack({0.5 - angle.cos(), 0.25 - angle.sin()}, 1);
  return at::cat({upper, lower}) * 0.6;
}

Tensor spiral_arms() {
  // Even in length along the arm: the angle grows as the root.
  const Tensor angle = 3 * kPi * at::linspace(0.02, 1, 150, in_doubles()).sqrt();
  const Tensor arm = at::stack({angle * angle.cos(), angle * angle.sin()}, 1) / (3 * kPi);
  return at::cat({arm, -arm});
}

Tensor checkers() {
  // 4 x 4 fields on [-1, 1], every second one filled with 7 x 7 points.
  std::vector<double> points;
  for (int field = 0; field < 16; ++field) {
    const int row = field / 4, column = field % 4;
    if ((row + column) % 2 != 0) continue;
    for (int i = 0; i < 49; ++i) {
      points.push_back(-1 + 0.5 * (column + (i % 7 + 0.5) / 7));
      points.push_back(-1 + 0.5 * (row + (i / 7 + 0.5) / 7));
    }
  }
  return at::tensor(points, in_doubles()).view({-1, 2});
}

Tensor ring() {
  const Tensor angle = at::arange(8, in_doubles()) * (kPi / 4);
  return at::stack({angle.cos(), angle.sin()}, 1);
}

}  // namespace

Mixture gaussian(const Tensor& mean, double std) {
  return kernel_mixture(mean.unsqueeze(0), std);
}

Mixture kernel_mixture(const Tensor& points, double std) {
  STEER_CHECK(points.dim() == 2 && points.size(0) >= 1, "[mixture] expected points [K, d] but got ",
              shape_text(points.sizes()));
  const Tensor means = points.to(torch::kFloat64);
  const int64_t k = means.size(0);
  return {at::full({k}, 1.0 / static_cast<double>(k), means.options()), means,
          at::full({k}, std, means.options())};
}

const std::vector<Named>& worlds() {
  static const std::vector<Named> table = {
      {"gaussian", "one Gaussian off the centre"}, {"eight_gaussians", "eight narrow ones on a ring"},
      {"two_moons", "two interlocking arcs"},      {"spirals", "two spiral arms"},
      {"checkerboard", "every other square"},
  };
  return table;
}

const std::vector<std::string>& world_names() {
  static const std::vector<std::string> names = names_of(worlds());
  return names;
}

Mixture make_world(const std::string& name) {
  if (name == "gaussian") return gaussian(at::tensor({0.3, -0.2}, in_doubles()), 0.5);
  if (name == "eight_gaussians") return kernel_mixture(ring(), 0.1);
  if (name == "two_moons") return kernel_mixture(moons(), 0.05);
  if (name == "spirals") return kernel_mixture(spiral_arms(), 0.03);
  if (name == "checkerboard") return kernel_mixture(checkers(), 0.03);
  fail("[make_world] expected gaussian, eight_gaussians, two_moons, spirals or checkerboard but got ", name,
       did_you_mean(name, world_names()));
}

int64_t world_pieces(const std::string& name) {
  if (name == "gaussian") return 1;
  return name == "two_moons" || name == "spirals" ? 2 : 8;
}

Tensor mixture_parts(const Mixture& m, const Tensor& seeds) {
  const Tensor u = uniform_rows(seeds, kPartStream, {1}).to(torch::kFloat64);
  return at::searchsorted(m.weights.cumsum(0), u.squeeze(1), false, true).clamp_max(m.weights.size(0) - 1);
}

Tensor mixture_samples(const Mixture& m, const Tensor& seeds) {
  const Tensor part = mixture_parts(m, seeds);
  const Tensor n = normal_rows(seeds, kPlaceStream, {m.means.size(1)}).to(torch::kFloat64);
  return m.means.index_select(0, part) + m.stds.index_select(0, part).unsqueeze(1) * n;
}

Tensor log_density(const Mixture& m, const Tensor& x, const Tensor& sigma) {
  return parts_of(m, x.to(torch::kFloat64), sigma).log_weighted.logsumexp(1);
}

Tensor exact_score(const Mixture& m, const Tensor& x, const Tensor& sigma) {
  const Parts parts = parts_of(m, x.to(torch::kFloat64), sigma);
  const Tensor pull = parts.log_weighted.softmax(1) / parts.variance;
  return pull.matmul(m.means) - pull.sum(1, true) * x.to(torch::kFloat64);
}

Tensor responsibilities(const Mixture& m, const Tensor& x, const Tensor& sigma) {
  return parts_of(m, x.to(torch::kFloat64), sigma).log_weighted.softmax(1);
}

}  // namespace steer
