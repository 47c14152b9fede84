#include "steer/metrics/rate_saving.h"

#include <algorithm>
#include <cmath>

namespace steer {
namespace {

constexpr int kPieces = 2000;  // of the integral

// A monotone cubic through points of rising x.
class Curve {
 public:
  Curve(std::vector<double> x, std::vector<double> y) : x_(std::move(x)), y_(std::move(y)) {
    const size_t n = x_.size();
    std::vector<double> width(n - 1), slope(n - 1);
    for (size_t i = 0; i + 1 < n; ++i) {
      width[i] = x_[i + 1] - x_[i];
      slope[i] = (y_[i + 1] - y_[i]) / width[i];
    }
    tangent_.assign(n, 0);
    tangent_.front() = slope.front(), tangent_.back() = slope.back();
    for (size_t i = 1; i + 1 < n; ++i) {
      if (slope[i - 1] * slope[i] <= 0) continue;
      const double a = 2 * width[i] + width[i - 1], b = width[i] + 2 * width[i - 1];
      tangent_[i] = (a + b) / (a / slope[i - 1] + b / slope[i]);
    }
  }

  double at(double x) const {
    const auto above = std::upper_bound(x_.begin() + 1, x_.end() - 1, x);
    const auto i = static_cast<size_t>(above - x_.begin()) - 1;
    const double h = x_[i + 1] - x_[i], t = (x - x_[i]) / h, u = 1 - t;
    return y_[i] * (1 + 2 * t) * u * u + y_[i + 1] * t * t * (3 - 2 * t) + h * tangent_[i] * t * u * u -
           h * tangent_[i + 1] * t * t * u;
  }

 private:
  std::vector<double> x_, y_, tangent_;
};

// The points that no other beats, in rising order.
std::vector<RatePoint> front(std::vector<RatePoint> points) {
  std::sort(points.begin(), points.end(), [](const RatePoint& a, const RatePoint& b) {
    return a.bits < b.bits || (a.bits == b.bits && a.psnr > b.psnr);
  });
  std::vector<RatePoint> kept;
  for (const RatePoint& point : points)
    if (point.bits > 0 && (kept.empty() || point.psnr > kept.back().psnr)) kept.push_back(point);
  return kept;
}

Curve log_bits(const std::vector<RatePoint>& points) {
  std::vector<double> x, y;
  for (const RatePoint& point : points) x.push_back(point.psnr), y.push_back(std::log(point.bits));
  return {x, y};
}

}  // namespace

std::optional<RateSaving> rate_saving(std::vector<RatePoint> anchor, std::vector<RatePoint> tested) {
  anchor = front(std::move(anchor)), tested = front(std::move(tested));
  if (anchor.size() < 2 || tested.size() < 2) return std::nullopt;
  const double from = std::max(anchor.front().psnr, tested.front().psnr);
  const double to = std::min(anchor.back().psnr, tested.back().psnr);
  if (from >= to) return std::nullopt;
  const Curve a = log_bits(anchor), b = log_bits(tested);
  double sum = 0;
  for (int i = 0; i < kPieces; ++i) {
    const double psnr = from + (to - from) * (i + 0.5) / kPieces;
    sum += b.at(psnr) - a.at(psnr);
  }
  return RateSaving{std::expm1(sum / kPieces), from, to};
}

}  // namespace steer
