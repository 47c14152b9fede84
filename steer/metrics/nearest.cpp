#include "steer/metrics/nearest.h"

#include <algorithm>
#include <limits>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr int64_t kMembers = 2000;

}  // namespace

NearestSearch::NearestSearch(const Tensor& points) : points_(points.to(torch::kFloat32)) {
  STEER_CHECK(points.dim() == 2, "[nearest] expected points [M, D] but got ", shape_text(points.sizes()));
  const Tensor far = at::full({points.size(0)}, std::numeric_limits<double>::infinity(), torch::kFloat32);
  found_ = {at::zeros({points.size(0)}, torch::kInt64), far, far.clone()};
}

void NearestSearch::add(const Tensor& members) {
  STEER_CHECK(members.dim() == 2 && members.size(1) == points_.size(1), "[nearest] expected members [n, ",
              points_.size(1), "] but got ", shape_text(members.sizes()));
  for (int64_t at = 0; at < members.size(0); at += kMembers) {
    const Tensor some = members.narrow(0, at, std::min(kMembers, members.size(0) - at)).to(torch::kFloat32);
    const Tensor distance = at::cdist(points_, some);
    const auto [least, place] = distance.topk(std::min<int64_t>(2, some.size(0)), 1, false);
    const Tensor all = at::cat({found_.first.unsqueeze(1), found_.second.unsqueeze(1), least}, 1);
    const auto [two, which] = all.topk(2, 1, false);
    const Tensor from_here = which.select(1, 0).ge(2);
    found_.index = at::where(from_here, place.select(1, 0) + seen_ + at, found_.index);
    found_.first = two.select(1, 0), found_.second = two.select(1, 1);
  }
  seen_ += members.size(0);
}

double share_repeated(const Nearest& nearest, double hair) {
  const Tensor repeated = nearest.first.le(nearest.second / 3).logical_or(nearest.first.lt(hair));
  return repeated.to(torch::kFloat64).mean().item<double>();
}

}  // namespace steer
