#include "steer/metrics/average_precision.h"

#include <cmath>
#include <limits>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {

double average_precision(const Tensor& score, const Tensor& positive, double weight) {
  STEER_CHECK(score.dim() == 1 && score.sizes() == positive.sizes() && weight > 0,
              "[average_precision] expected scores and positives [N] and a weight above 0 but got ",
              shape_text(score.sizes()), ", ", shape_text(positive.sizes()), " and ", weight);
  const auto [sorted, order] = score.cpu().to(torch::kFloat64).sort(0, true);
  const Tensor hit = positive.cpu().index_select(0, order).to(torch::kFloat64).contiguous();
  const double all = hit.sum().item<double>();
  if (all == 0) return std::numeric_limits<double>::quiet_NaN();
  const Tensor value = sorted.contiguous();
  const double* const scores = value.data_ptr<double>();
  const double* const hits = hit.data_ptr<double>();
  const int64_t count = hit.size(0);
  double found = 0, missed = 0, sum = 0;
  for (int64_t from = 0; from < count;) {
    int64_t to = from;
    double here = 0;
    for (; to < count && scores[to] == scores[from]; ++to) here += hits[to];
    found += here, missed += static_cast<double>(to - from) - here;
    sum += here * found / (found + missed / weight);
    from = to;
  }
  return sum / all;
}

FramePrecision frame_precision(const Tensor& score, const Tensor& label, int64_t ignored) {
  STEER_CHECK(score.dim() == 2 && label.dim() == 1 && label.size(0) == score.size(0),
              "[frame_precision] expected scores [N, K] and labels [N] but got ", shape_text(score.sizes()),
              " and ", shape_text(label.sizes()));
  const int64_t classes = score.size(1) - ignored;
  FramePrecision found;
  found.each = at::full({classes}, std::numeric_limits<double>::quiet_NaN(), torch::kFloat64);
  found.calibrated = found.each.clone();
  double known = 0;
  for (int64_t k = 0; k < classes; ++k) {
    const Tensor positive = label.cpu() == k + ignored;
    const double there = positive.sum().item<double>(), rest = static_cast<double>(label.size(0)) - there;
    if (there == 0) continue;
    const Tensor of_class = score.select(1, k + ignored);
    found.each[k] = average_precision(of_class, positive);
    found.calibrated[k] = average_precision(of_class, positive, rest > 0 ? rest / there : 1);
    found.mean += found.each[k].item<double>(), found.calibrated_mean += found.calibrated[k].item<double>();
    known += 1;
  }
  found.mean /= known, found.calibrated_mean /= known;
  return found;
}

}  // namespace steer
