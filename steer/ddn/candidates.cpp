#include "steer/ddn/candidates.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

// How many of the nearest candidates are measured again, directly.
constexpr int64_t kMeasuredAgain = 4;

// Maps [B, c, H, W] as rows of pixels [B, H W, c], float32.
Tensor as_pixels(const Tensor& maps) {
  return maps.permute({0, 2, 3, 1}).to(torch::kFloat32).contiguous().flatten(1, 2);
}

Tensor as_maps(const Tensor& pixels, int64_t height, int64_t width) {
  return pixels.view({pixels.size(0), height, width, pixels.size(2)}).permute({0, 3, 1, 2});
}

Tensor squared_sum(const Tensor& difference, const Tensor& weight) {
  const Tensor square = difference.square();
  return (weight.defined() ? square * weight : square).sum({-3, -2, -1});
}

}  // namespace

Candidates::Candidates(const Tensor& features, const Tensor& weight, const Tensor& base)
    : a_(as_pixels(features)), weight_(weight), base_(base), height_(features.size(2)), width_(features.size(3)) {
  STEER_CHECK(weight.dim() == 3 && weight.size(2) == features.size(1),
              "[candidates] expected weights [K, C, ", features.size(1), "] but got ", shape_text(weight.sizes()));
}

// r = base - target, [B, C, H, W].
Tensor Candidates::residual_to(const Tensor& target) const {
  STEER_CHECK(target.dim() == 4 && target.size(1) == channels() && target.size(2) == height_ && target.size(3) == width_ &&
                  (target.size(0) == rows() || target.size(0) == 1),
              "[candidates] expected a target ", shape_text({rows(), channels(), height_, width_}), " but got ",
              shape_text(target.sizes()));
  const Tensor residual = base_.defined() ? base_ - target : -target;
  return residual.size(0) == rows() ? residual : residual.expand({rows(), -1, -1, -1});
}

Tensor Candidates::distance_to(const Tensor& target, const Tensor& pixel_weight) const {
  const double pixels = static_cast<double>(height_ * width_), inner = static_cast<double>(a_.size(2));
  const double c = static_cast<double>(channels()), k = static_cast<double>(count());
  const double by_images = k * c * pixels * (inner + 4);
  const double by_gram = pixels * inner * (inner + c) + k * inner * (inner + c) + kMeasuredAgain * c * pixels * (inner + 4);
  return by_images <= by_gram ? distance_by_images(target, pixel_weight) : distance_by_gram(target, pixel_weight);
}

Tensor Candidates::distance_by_images(const Tensor& target, const Tensor& pixel_weight) const {
  torch::NoGradGuard no_grad;
  const Tensor r = residual_to(target).unsqueeze(1);
  const Tensor weight = pixel_weight.defined() ? pixel_weight.unsqueeze(1) : pixel_weight;
  const Tensor products = at::matmul(weight_.flatten(0, 1), a_.transpose(1, 2));  // [B, K C, H W]
  return squared_sum(products.view({rows(), count(), channels(), height_, width_}) + r, weight);
}

Tensor Candidates::distance_by_gram(const Tensor& target, const Tensor& pixel_weight) const {
  torch::NoGradGuard no_grad;
  const int64_t inner = a_.size(2);
  const Tensor r = as_pixels(residual_to(target));  // [B, H W, C]
  Tensor weighted_a = a_, weighted_r = r;
  if (pixel_weight.defined()) {
    const Tensor weight = as_pixels(pixel_weight);
    weighted_a = a_ * weight;
    weighted_r = r * weight;
  }
  const Tensor gram = at::bmm(weighted_a.transpose(1, 2), a_);   // [B, c', c']
  const Tensor cross = at::bmm(weighted_r.transpose(1, 2), a_);  // [B, C, c']
  const Tensor form = at::bmm(weight_.transpose(1, 2), weight_);  // [K, c', c']: W_k^T W_k
  Tensor distance = at::mm(gram.view({rows(), inner * inner}), form.view({count(), inner * inner}).t());
  distance.addmm_(cross.view({rows(), channels() * inner}), weight_.reshape({count(), channels() * inner}).t(), 1, 2);
  distance += (weighted_r * r).sum({1, 2}).unsqueeze(1);

  // The nearest few again, directly, in ascending order of index so that equal nodes keep their order.
  const int64_t few = std::min(kMeasuredAgain, count());
  const Tensor index = std::get<0>(at::sort(std::get<1>(at::topk(distance, few, 1, false)), 1));
  const Tensor chosen = weight_.index_select(0, index.flatten()).view({rows(), few * channels(), inner});
  const Tensor products = at::bmm(chosen, a_.transpose(1, 2)).view({rows(), few, channels(), height_, width_});
  const Tensor weight = pixel_weight.defined() ? pixel_weight.unsqueeze(1) : pixel_weight;
  const Tensor exact = squared_sum(products + residual_to(target).unsqueeze(1), weight);
  // No other candidate may now fall below one of the few by rounding alone.
  const Tensor floor = std::get<0>(exact.max(1, true));
  return at::maximum(distance, floor).scatter_(1, index, exact);
}

Tensor Candidates::at(const Tensor& index, const Tensor& row) const {
  STEER_CHECK(row.defined() || index.size(0) == rows(), "[candidates] expected ", rows(), " indices but got ", index.size(0));
  const Tensor chosen = weight_.index_select(0, index);  // [N, C, c']
  const Tensor pixels = row.defined() ? a_.index_select(0, row) : a_;
  const Tensor image = at::bmm(chosen, pixels.transpose(1, 2)).view({-1, channels(), height_, width_});
  if (!base_.defined()) return image;
  return image + (row.defined() ? base_.index_select(0, row) : base_);
}

Tensor Candidates::images() const {
  const Tensor products = at::matmul(weight_.flatten(0, 1), a_.transpose(1, 2));
  const Tensor images = products.view({rows(), count(), channels(), height_, width_});
  return base_.defined() ? images + base_.unsqueeze(1) : images;
}

Candidates Candidates::seen_through(const Tensor& colour, const std::function<Tensor(const Tensor&)>& spatial) const {
  const auto changed = [&](const Tensor& maps) { return spatial ? spatial(maps) : maps; };
  const Tensor weight = colour.defined() ? at::matmul(colour, weight_) : weight_;
  Tensor base = base_;
  if (base.defined()) {
    if (colour.defined()) base = at::einsum("mc,bchw->bmhw", {colour, base});
    base = changed(base);
  }
  return Candidates(changed(as_maps(a_, height_, width_)), weight, base);
}

}  // namespace steer
