#include "steer/metrics/probes.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr double kLeastDeviation = 1e-6;

void check_labelled(const Labelled& known, const Labelled& tested) {
  const auto fits = [](const Labelled& some) {
    return some.x.dim() == 2 && some.label.dim() == 1 && some.x.size(0) == some.label.size(0) &&
           some.x.size(0) > 0;
  };
  STEER_CHECK(fits(known) && fits(tested) && known.x.size(1) == tested.x.size(1),
              "[probe] expected features [N, D] with labels [N] of both but got ",
              shape_text(known.x.sizes()), " and ", shape_text(tested.x.sizes()));
}

double share_right(const Tensor& said, const Tensor& label) {
  return (said == label).to(torch::kFloat64).mean().item<double>();
}

}  // namespace

double nearest_accuracy(const Labelled& known, const Labelled& tested, int64_t count) {
  check_labelled(known, tested);
  STEER_CHECK(count > 0 && count <= known.x.size(0), "[probe] expected 1 to ", known.x.size(0),
              " neighbours but got ", count);
  constexpr int64_t kAtOnce = 512;
  const int64_t classes = known.label.max().item<int64_t>() + 1;
  std::vector<Tensor> said;
  for (int64_t at = 0; at < tested.x.size(0); at += kAtOnce) {
    const Tensor some = tested.x.narrow(0, at, std::min(kAtOnce, tested.x.size(0) - at));
    const Tensor near = std::get<1>(at::cdist(some, known.x).topk(count, 1, /*largest=*/false));
    const Tensor labels = known.label.index_select(0, near.flatten()).view(near.sizes());
    said.push_back(at::one_hot(labels, classes).sum(1).argmax(1));
  }
  return share_right(at::cat(said), tested.label);
}

double linear_accuracy(const Labelled& known, const Labelled& tested, double ridge) {
  check_labelled(known, tested);
  const Tensor x = known.x.to(torch::kFloat64);
  const Tensor mean = x.mean(0), deviation = x.std(0, /*unbiased=*/false).clamp_min(kLeastDeviation);
  const auto with_constant = [&](const Tensor& rows) {
    const Tensor scaled = (rows.to(torch::kFloat64) - mean) / deviation;
    return at::cat({scaled, at::ones({rows.size(0), 1}, torch::kFloat64)}, 1);
  };
  const Tensor a = with_constant(known.x), y = at::one_hot(known.label).to(torch::kFloat64);
  const Tensor square =
      a.t().matmul(a) + ridge * static_cast<double>(a.size(0)) * at::eye(a.size(1), torch::kFloat64);
  const Tensor map = at::cholesky_solve(a.t().matmul(y), at::linalg_cholesky(square));
  return share_right(with_constant(tested.x).matmul(map).argmax(1), tested.label);
}

Tensor principal_components(const Tensor& known, const Tensor& x, int64_t count) {
  STEER_CHECK(count > 0 && count <= known.size(1), "[probe] expected 1 to ", known.size(1),
              " directions but got ", count);
  const Tensor rows = known.to(torch::kFloat64), mean = rows.mean(0), centred = rows - mean;
  // Eigenvalues rise.
  const Tensor directions = std::get<1>(at::linalg_eigh(centred.t().matmul(centred)));
  return (x.to(torch::kFloat64) - mean).matmul(directions.narrow(1, known.size(1) - count, count).flip(1));
}

}  // namespace steer
