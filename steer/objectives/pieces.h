// Many images through a network, a few at a time.
#pragma once

#include <torch/types.h>

#include <algorithm>
#include <functional>
#include <vector>

namespace steer {

using torch::Tensor;

constexpr int64_t kJudgedAtOnce = 256;

// network(x) of any number of images x [N, ...], one row for each: at most kJudgedAtOnce go through at once,
// so that features stay near the processor, except where a gradient is asked for.
inline Tensor in_pieces(const Tensor& x, const std::function<Tensor(const Tensor&)>& network) {
  if ((at::GradMode::is_enabled() && x.requires_grad()) || x.size(0) <= kJudgedAtOnce) return network(x);
  std::vector<Tensor> pieces;
  for (int64_t at = 0; at < x.size(0); at += kJudgedAtOnce)
    pieces.push_back(network(x.narrow(0, at, std::min(kJudgedAtOnce, x.size(0) - at))));
  return at::cat(pieces);
}

}  // namespace steer
