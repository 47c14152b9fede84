#include "steer/image/canny.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

struct Gradient {
  Tensor x, y, size;  // [N, 1, H, W]
};

Gradient strongest_gradient(const Tensor& images) {
  const Tensor bytes = to_bytes(images).to(torch::kFloat32);
  const Tensor smooth = at::tensor({1.0f, 2.0f, 1.0f}, bytes.options());
  const Tensor slope = at::tensor({-1.0f, 0.0f, 1.0f}, bytes.options());
  const auto filtered = [&](const Tensor& kernel) {
    const Tensor planes = bytes.flatten(0, 1).unsqueeze(1);
    return at::conv2d(at::replication_pad2d(planes, {1, 1, 1, 1}), kernel.view({1, 1, 3, 3})).view_as(bytes);
  };
  const Tensor gx = filtered(at::outer(smooth, slope)), gy = filtered(at::outer(slope, smooth));
  const Tensor size = gx.abs() + gy.abs();
  const Tensor channel = size.argmax(1, true);
  return {gx.gather(1, channel), gy.gather(1, channel), size.gather(1, channel)};
}

// Where the gradient is a ridge: not smaller than its neighbours along its own direction.
Tensor ridges(const Gradient& g) {
  constexpr double kSlope = 0.41421356;  // tangent of 22.5 degrees
  const int64_t height = g.size.size(2), width = g.size.size(3);
  const Tensor padded = at::constant_pad_nd(g.size, {1, 1, 1, 1});
  const auto at_offset = [&](int64_t dy, int64_t dx) {
    return padded.narrow(2, 1 + dy, height).narrow(3, 1 + dx, width);
  };
  const Tensor x = g.x.abs(), y = g.y.abs();
  const Tensor across = (g.size > at_offset(0, -1)) & (g.size >= at_offset(0, 1));
  const Tensor along = (g.size > at_offset(-1, 0)) & (g.size >= at_offset(1, 0));
  const Tensor falling = (g.size > at_offset(-1, -1)) & (g.size > at_offset(1, 1));
  const Tensor rising = (g.size > at_offset(-1, 1)) & (g.size > at_offset(1, -1));
  const Tensor slanted = at::where(g.x * g.y < 0, rising, falling);
  return at::where(y < x * kSlope, across, at::where(x < y * kSlope, along, slanted));
}

}  // namespace

Tensor canny_edges(const Tensor& x, double low, double high) {
  STEER_CHECK(x.dim() == 4, "[canny] expected images [N, C, H, W] but got ", shape_text(x.sizes()));
  STEER_CHECK(0 <= low && low <= high, "[canny] expected thresholds 0 <= low <= high but got ", low, " and ",
              high);
  torch::NoGradGuard no_grad;
  const Gradient g = strongest_gradient(x);
  const Tensor ridge = ridges(g);
  const Tensor weak = (ridge & (g.size > low)).to(torch::kFloat32);
  Tensor edges = (ridge & (g.size > high)).to(torch::kFloat32);
  // Edges grow along weak ridges until nothing is added.
  while (true) {
    const Tensor grown = weak * at::max_pool2d(edges, {3, 3}, {1, 1}, {1, 1});
    if (torch::equal(grown, edges)) return edges;
    edges = grown;
  }
}

CannyObjective::CannyObjective(const Tensor& truth, double low, double high, std::string words)
    : edges_(canny_edges(truth, low, high)),
      channels_(truth.size(1)),
      low_(low),
      high_(high),
      words_(std::move(words)) {
  STEER_CHECK(edges_.sum({1, 2, 3}).gt(0).all().item<bool>(), "[canny] expected a picture with edges above ",
              high, " but got none");
}

Tensor CannyObjective::score(const State& sample) const {
  const Tensor& x = sample.x;
  const Tensor found = canny_edges(x, low_, high_);
  const Tensor on = per_sample(edges_, x.size(0), "canny").to(found.device()), off = 1 - on;
  const auto mean_where = [&](const Tensor& place) {
    return (found * place).sum({1, 2, 3}) / place.sum({1, 2, 3}).clamp_min(1);
  };
  return mean_where(on) + 1 - mean_where(off);
}

Tensor CannyObjective::degraded() const {
  return (edges_ * 2 - 1).expand({-1, channels_, -1, -1}).contiguous();
}

}  // namespace steer
