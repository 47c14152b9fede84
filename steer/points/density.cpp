#include "steer/points/density.h"

#include <algorithm>

#include "steer/codes/split_rule.h"
#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr int64_t kMostNodes = 10000000;

std::vector<Point> uniform_points(int64_t count, uint64_t seed) {
  Random random(seed);
  std::vector<Point> points(static_cast<size_t>(count));
  for (Point& point : points) {
    point.x = random.uniform(-1, 1);
    point.y = random.uniform(-1, 1);
  }
  return points;
}

DensityOptions checked(const DensityOptions& options) {
  check(options);
  return options;
}

}  // namespace

void check(const DensityOptions& options) {
  STEER_CHECK(options.nodes >= 2 && options.nodes <= kMostNodes, "[density] nodes: expected 2 to ",
              kMostNodes, " but got ", options.nodes);
  STEER_CHECK(options.batch >= 1, "[density] batch: expected at least 1 but got ", options.batch);
  STEER_CHECK(options.step > 0 && options.step <= 1,
              "[density] step: expected more than 0, at most 1, but got ", options.step);
  STEER_CHECK(options.rule == "exact" || options.rule == "paper" || options.rule == "none",
              "[density] rule: expected exact, paper or none but got \"", options.rule, "\"");
  STEER_CHECK(options.splits >= 1, "[density] splits: expected at least 1 but got ", options.splits);
}

DensityNodes::DensityNodes(const DensityOptions& options, uint64_t seed)
    : options_(checked(options)),
      grid_(uniform_points(options.nodes, seed)),
      counts_(options.nodes),
      chosen_(static_cast<size_t>(options.batch)) {}

void DensityNodes::train(const Tensor& targets) {
  STEER_CHECK(targets.dim() == 2 && targets.size(1) == 2, "[density] expected targets [N, 2] but got ",
              shape_text(targets.sizes()));
  STEER_CHECK(at::isfinite(targets).all().item<bool>(), "[density] expected finite targets");
  const Tensor host = targets.to(torch::kCPU, torch::kFloat64).contiguous();
  const double* from = host.data_ptr<double>();
  std::vector<Point> batch;
  for (int64_t at = 0; at < host.size(0); at += options_.batch) {
    batch.clear();
    for (int64_t i = at; i < std::min(at + options_.batch, host.size(0)); ++i)
      batch.push_back({from[2 * i], from[2 * i + 1]});
    train_batch(batch.data(), static_cast<int64_t>(batch.size()));
  }
}

void DensityNodes::set_step(double step) {
  options_.step = step;
  check(options_);
}

void DensityNodes::train_batch(const Point* targets, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    chosen_[i] = grid_.nearest(targets[i]);
    counts_.set(chosen_[i], counts_[chosen_[i]] + 1);
  }
  for (int64_t made = 0; made < options_.splits; ++made) {
    const int64_t busiest = counts_.busiest(), idlest = counts_.idlest();
    if (!rule_fires(options_.rule, counts_[busiest], counts_[idlest], counts_.total(), options_.nodes)) break;
    const double half = counts_[busiest] / 2;
    counts_.set(busiest, half);
    counts_.set(idlest, half);
    grid_.move(idlest, grid_.points()[busiest]);
    ++splits_;
  }
  for (int64_t i = 0; i < count; ++i) {
    const Point& node = grid_.points()[chosen_[i]];
    grid_.move(chosen_[i], {node.x + options_.step * (targets[i].x - node.x),
                            node.y + options_.step * (targets[i].y - node.y)});
  }
}

Tensor DensityNodes::points() const {
  const Tensor points = at::empty({options_.nodes, 2}, torch::kFloat64);
  double* out = points.data_ptr<double>();
  for (const Point& point : grid_.points()) {
    *out++ = point.x;
    *out++ = point.y;
  }
  return points;
}

Tensor DensityNodes::counts() const {
  return torch::tensor(counts_.counts(), torch::kFloat64);
}

}  // namespace steer
