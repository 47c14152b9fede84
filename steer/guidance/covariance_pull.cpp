#include "steer/guidance/covariance_pull.h"

#include "steer/core/tensors.h"

namespace steer {
namespace {

// All measurements as one of unit noise, [N, values]: root(2 scale weight) times what each sees.
class Whitened {
 public:
  Whitened(const std::vector<Measurement>& measurements, const Tensor& x0)
      : measurements_(measurements), sizes_(x0.sizes().slice(1).vec()) {
    for (const Measurement& m : measurements) {
      const Tensor y = of_rows(m.y, x0);
      Tensor root = at::full({}, 2 * m.scale, y.options());
      if (m.weight.defined()) root = root * of_rows(m.weight, x0);
      roots_.push_back(root.sqrt());
      shapes_.push_back(y.sizes().vec());
      parts_.push_back(y[0].numel());
    }
  }

  Tensor seen(const Tensor& x) const {
    std::vector<Tensor> parts;
    for (size_t i = 0; i < measurements_.size(); ++i)
      parts.push_back((roots_[i] * measurements_[i].map.measure(x)).flatten(1));
    return at::cat(parts, 1);
  }

  Tensor left(const Tensor& x) const {
    std::vector<Tensor> parts;
    for (size_t i = 0; i < measurements_.size(); ++i) {
      const Measurement& m = measurements_[i];
      parts.push_back((roots_[i] * (of_rows(m.y, x) - m.map.measure(x))).flatten(1));
    }
    return at::cat(parts, 1);
  }

  Tensor adjoint(const Tensor& v) const {
    Tensor sum;
    int64_t from = 0;
    for (size_t i = 0; i < measurements_.size(); ++i) {
      std::vector<int64_t> shape = shapes_[i];
      shape[0] = v.size(0);
      const Tensor back =
          measurements_[i].map.adjoint(roots_[i] * v.narrow(1, from, parts_[i]).view(shape), sizes_);
      sum = sum.defined() ? sum + back : back;
      from += parts_[i];
    }
    return sum;
  }

 private:
  static Tensor of_rows(const Tensor& value, const Tensor& x) {
    return per_sample(value, x.size(0), "guide").to(x.device(), x.scalar_type());
  }

  const std::vector<Measurement>& measurements_;
  std::vector<int64_t> sizes_;
  std::vector<Tensor> roots_;
  std::vector<std::vector<int64_t>> shapes_;
  std::vector<int64_t> parts_;
};

}  // namespace

Tensor covariance_pull(const std::vector<Measurement>& measurements, const Tensor& x0, double variance,
                       const PassBack& back, int64_t steps) {
  constexpr double kEnough = 1e-5;
  const Whitened all(measurements, x0);
  const auto dot = [](const Tensor& a, const Tensor& b) { return (a * b).sum(1, true); };
  Tensor rest = all.left(x0), direction = rest, square = dot(rest, rest), v = at::zeros_like(rest);
  const Tensor small = square * (kEnough * kEnough);
  for (int64_t i = 0; i < steps && (square > small).any().item<bool>(); ++i) {
    const Tensor ahead = direction + variance * all.seen(back(all.adjoint(direction)));
    const Tensor bend = dot(direction, ahead);
    const Tensor step = at::where((bend > 0) & (square > small), square / bend, at::zeros_like(bend));
    v = v + step * direction;
    rest = rest - step * ahead;
    const Tensor next = dot(rest, rest);
    direction = rest + at::where(square > 0, next / square, at::zeros_like(next)) * direction;
    square = next;
  }
  return all.adjoint(v);
}

}  // namespace steer
