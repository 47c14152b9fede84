#include "steer/points/plane_objectives.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/pi.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

class PlaneObjective : public Objective {
 public:
  PlaneObjective(std::function<Tensor(const Tensor&)> score, std::string words)
      : score_(std::move(score)), words_(std::move(words)) {}

  Tensor score(const State& sample) const override {
    const Tensor& x = sample.x;
    STEER_CHECK(x.dim() == 2 && x.size(1) == 2, "[points] expected points [N, 2] but got ",
                shape_text(x.sizes()));
    return score_(x.scalar_type() == torch::kFloat64 ? x : x.to(torch::kFloat32));
  }
  bool differentiable() const override { return true; }
  std::string words() const override { return words_; }

 private:
  std::function<Tensor(const Tensor&)> score_;
  std::string words_;
};

// 1 / (2 std^2), what a measurement's squares are multiplied by.
double scale_of(double std) {
  return 1 / (2 * std * std);
}

}  // namespace

std::unique_ptr<Objective> plane_objective(std::function<Tensor(const Tensor&)> score, std::string words) {
  return std::make_unique<PlaneObjective>(std::move(score), std::move(words));
}

Tensor ring_score(const Tensor& x, double radius, double std) {
  constexpr double kTiny = 1e-12;  // the root has a gradient in the middle too
  const Tensor length = (x.square().sum(1) + kTiny).sqrt();
  return (length - radius).square() * -scale_of(std);
}

Tensor halfplane_score(const Tensor& x, double angle_degrees, double offset, double sharpness) {
  const double angle = angle_degrees * kPi / 180;
  const Tensor beyond = x.select(1, 0) * std::cos(angle) + x.select(1, 1) * std::sin(angle) - offset;
  return at::log_sigmoid(beyond * sharpness);
}

Measurement near_measurement(double x, double y, double std) {
  Measurement measurement;
  measurement.y = at::tensor({x, y}, torch::kFloat32).view({1, 2});
  measurement.scale = scale_of(std);
  return measurement;
}

Measurement coordinate_measurement(int64_t axis, double value, double std) {
  STEER_CHECK(axis == 0 || axis == 1, "[points] expected the axis 0 or 1 but got ", axis);
  Measurement measurement;
  measurement.map.mix = at::tensor({axis == 0 ? 1.0f : 0.0f, axis == 0 ? 0.0f : 1.0f}).view({1, 2});
  measurement.y = at::full({1, 1}, value, torch::kFloat32);
  measurement.scale = scale_of(std);
  return measurement;
}

}  // namespace steer
