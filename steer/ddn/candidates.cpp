#include "steer/ddn/candidates.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/host.h"
#include "steer/core/tensors.h"
#include "steer/ddn/candidate_distances.h"
#include "steer/ddn/chosen_products.h"

namespace steer {
namespace {

// How many of the nearest candidates are measured again, directly.
constexpr int64_t kMeasuredAgain = 4;

// Whether kernels take these features: on the processor, float32 or bfloat16, channels-last.
bool takes_kernels(const Tensor& features) {
  const auto type = features.scalar_type();
  return on_host(features) && (type == torch::kFloat32 || type == torch::kBFloat16) &&
         features.is_contiguous(at::MemoryFormat::ChannelsLast);
}

// Maps [B, c, H, W] as rows of pixels [B, H W, c], float32.
Tensor as_pixels(const Tensor& maps) {
  return maps.permute({0, 2, 3, 1}).to(torch::kFloat32).contiguous().flatten(1, 2);
}

Tensor squared_sum(const Tensor& difference, const Tensor& weight) {
  const Tensor square = difference.square();
  return (weight.defined() ? square * weight : square).sum({-3, -2, -1});
}

// The `few` nearest of `distance` [B, K] measured again by `measure` (index [B, few] -> [B, few]). Indices go
// in ascending order so that equal nodes keep theirs, and no other candidate may fall below one of the few by
// rounding alone.
template <class Measure>
Tensor measured_again(const Tensor& distance, const Measure& measure) {
  const int64_t few = std::min(kMeasuredAgain, distance.size(1));
  const Tensor index = std::get<0>(at::sort(std::get<1>(at::topk(distance, few, 1, false)), 1));
  const Tensor exact = measure(index);
  return at::maximum(distance, std::get<0>(exact.max(1, true))).scatter_(1, index, exact);
}

}  // namespace

Candidates::Candidates(const Tensor& features, const Tensor& weight, const Tensor& base)
    : features_(features), weight_(weight), base_(base) {
  STEER_CHECK(
      weight.dim() == 3 && (features.size(1) == weight.size(2) || features.size(1) == 2 * weight.size(2)),
      "[candidates] expected weights [K, C, c'] for features of c' or 2 c' = ", features.size(1),
      " channels but got ", shape_text(weight.sizes()));
}

// One part of c' channels of the features: [B, H W, c'].
Tensor Candidates::pixels(int64_t part) const {
  return as_pixels(features_.narrow(1, part * weight_.size(2), weight_.size(2)));
}

// W_k^T W_k of every candidate: [K, c' c'].
Tensor Candidates::form() const {
  Tensor form;
  for (int64_t c = 0; c < channels(); ++c) {
    const Tensor w = weight_.select(1, c);
    const Tensor outer = w.unsqueeze(2) * w.unsqueeze(1);
    form = form.defined() ? form.add_(outer) : outer;
  }
  return form.flatten(1);
}

// r = base - target, [B, C, H, W].
Tensor Candidates::residual_to(const Tensor& target) const {
  STEER_CHECK(target.dim() == 4 && target.size(1) == channels() && target.size(2) == height() &&
                  target.size(3) == width() && (target.size(0) == rows() || target.size(0) == 1),
              "[candidates] expected a target ", shape_text({rows(), channels(), height(), width()}),
              " but got ", shape_text(target.sizes()));
  const Tensor residual = base_.defined() ? base_ - target : -target;
  return residual.size(0) == rows() ? residual : residual.expand({rows(), -1, -1, -1});
}

Tensor Candidates::distance_to(const Tensor& target, const Tensor& pixel_weight) const {
  const double area = static_cast<double>(height() * width()), inner = static_cast<double>(weight_.size(2));
  const double c = static_cast<double>(channels()), rows_of_nodes = static_cast<double>(count()) * c;
  // Multiplications for one row; those of few candidates measured again run at a quarter of the speed.
  const double by_images = rows_of_nodes * area * (inner + 2);
  const double by_gram = area * inner * (inner / 2 + c) + rows_of_nodes * inner * (inner / 2 + 1) +
                         4 * kMeasuredAgain * c * area * inner;
  return by_images <= by_gram ? distance_by_images(target, pixel_weight)
                              : distance_by_gram(target, pixel_weight);
}

Tensor Candidates::distance_by_images(const Tensor& target, const Tensor& pixel_weight) const {
  torch::NoGradGuard no_grad;
  const Tensor residual = residual_to(target);
  if (takes_kernels(features_)) return distances_directly(features_, weight_, residual, pixel_weight);
  const Tensor weight = pixel_weight.defined() ? pixel_weight.unsqueeze(1) : pixel_weight;
  const Tensor products = at::matmul(weight_.flatten(0, 1), pixels(0).transpose(1, 2));  // [B, K C, H W]
  return squared_sum(products.view({rows(), count(), channels(), height(), width()}) + residual.unsqueeze(1),
                     weight);
}

Tensor Candidates::distance_by_gram(const Tensor& target, const Tensor& pixel_weight) const {
  if (!takes_kernels(features_)) return distance_by_gram_plain(target, pixel_weight);
  torch::NoGradGuard no_grad;
  return distances_by_forms(features_, weight_, residual_to(target), pixel_weight, kMeasuredAgain);
}

Tensor Candidates::distance_by_gram_plain(const Tensor& target, const Tensor& pixel_weight) const {
  torch::NoGradGuard no_grad;
  const int64_t inner = weight_.size(2);
  const Tensor a = pixels(0), residual = residual_to(target), r = as_pixels(residual);
  Tensor weighted_a = a, weighted_r = r;
  if (pixel_weight.defined()) {
    const Tensor weight = as_pixels(pixel_weight);
    weighted_a = a * weight;
    weighted_r = r * weight;
  }
  const Tensor gram = at::bmm(weighted_a.transpose(1, 2), a);   // [B, c', c']
  const Tensor cross = at::bmm(weighted_r.transpose(1, 2), a);  // [B, C, c']
  Tensor distance = at::mm(gram.view({rows(), inner * inner}), form().t());
  distance.addmm_(cross.view({rows(), channels() * inner}),
                  weight_.reshape({count(), channels() * inner}).t(), 1, 2);
  distance += (weighted_r * r).sum({1, 2}).unsqueeze(1);
  return measured_again(distance, [&](const Tensor& index) {
    const Tensor chosen = weight_.index_select(0, index.flatten()).view({rows(), -1, inner});
    const Tensor products =
        at::bmm(chosen, a.transpose(1, 2)).view({rows(), index.size(1), channels(), height(), width()});
    const Tensor weight = pixel_weight.defined() ? pixel_weight.unsqueeze(1) : pixel_weight;
    return squared_sum(products + residual.unsqueeze(1), weight);
  });
}

Tensor Candidates::nats_of(const Tensor& token, const Tensor& known) const {
  const int64_t places = height() * width(), K = count(), V = channels();
  STEER_CHECK(token.dim() == 2 && token.size(0) == rows() && token.size(1) == places,
              "[candidates] expected tokens ", shape_text({rows(), places}), " but got ",
              shape_text(token.sizes()));
  constexpr int64_t kValuesAtOnce = 1 << 20;  // as many as stay near
  const int64_t at_once = std::max<int64_t>(1, kValuesAtOnce / (K * V * places));
  const Tensor node_major = weight_.flatten(0, 1).t(), a = pixels(0);
  std::vector<Tensor> all;
  for (int64_t from = 0; from < rows(); from += at_once) {
    const int64_t some = std::min(at_once, rows() - from);
    Tensor logits = at::matmul(a.narrow(0, from, some), node_major).view({some, places, K, V});
    if (base_.defined()) logits = logits + as_pixels(base_.narrow(0, from, some)).unsqueeze(2);
    const Tensor index = token.narrow(0, from, some).view({some, places, 1, 1}).expand({-1, -1, K, 1});
    Tensor nats = -logits.log_softmax(-1).gather(-1, index).squeeze(-1);  // [some, H W, K]
    if (known.defined()) nats = nats * known.narrow(0, from, some).unsqueeze(2);
    all.push_back(nats.sum(1));
  }
  return at::cat(all);
}

Chosen Candidates::at(const Tensor& index, const Tensor& row) const {
  STEER_CHECK(row.defined() || index.size(0) == rows(), "[candidates] expected ", rows(), " indices but got ",
              index.size(0));
  if (!takes_kernels(features_)) return at_plain(index, row);
  const Tensor features =
      row.defined() ? features_.index_select(0, row).contiguous(at::MemoryFormat::ChannelsLast) : features_;
  const Tensor products = chosen_products(features, weight_, index);
  Chosen chosen{products.narrow(1, 0, channels()), {}};
  if (products.size(1) > channels()) chosen.leak = products.narrow(1, channels(), channels());
  if (base_.defined()) chosen.image = chosen.image + (row.defined() ? base_.index_select(0, row) : base_);
  return chosen;
}

Chosen Candidates::at_plain(const Tensor& index, const Tensor& row) const {
  const Tensor weight = weight_.index_select(0, index);  // [N, C, c']
  const auto product = [&](int64_t part) {
    const Tensor a = row.defined() ? pixels(part).index_select(0, row) : pixels(part);
    return at::bmm(weight, a.transpose(1, 2)).view({-1, channels(), height(), width()});
  };
  Chosen chosen{product(0), {}};
  if (features_.size(1) > weight_.size(2)) chosen.leak = product(1);
  if (base_.defined()) chosen.image = chosen.image + (row.defined() ? base_.index_select(0, row) : base_);
  return chosen;
}

Candidates Candidates::of_rows(const Tensor& row) const {
  const auto some = [&](const Tensor& all) { return all.defined() ? all.index_select(0, row) : all; };
  return Candidates(some(features_).contiguous(at::MemoryFormat::ChannelsLast), weight_, some(base_))
      .after(some(code_))
      .expecting(some(log_prior_));
}

Candidates Candidates::after(const Tensor& code) const {
  Candidates same = *this;
  same.code_ = code;
  return same;
}

Candidates Candidates::expecting(const Tensor& log_prior) const {
  Candidates same = *this;
  same.log_prior_ = log_prior;
  return same;
}

Tensor Candidates::images() const {
  const Tensor products = at::matmul(weight_.flatten(0, 1), pixels(0).transpose(1, 2));
  const Tensor images = products.view({rows(), count(), channels(), height(), width()});
  return base_.defined() ? images + base_.unsqueeze(1) : images;
}

Candidates Candidates::seen_through(const Tensor& colour,
                                    const std::function<Tensor(const Tensor&)>& spatial) const {
  const auto changed = [&](const Tensor& maps) { return spatial ? spatial(maps) : maps; };
  const Tensor weight = colour.defined() ? at::matmul(colour, weight_) : weight_;
  Tensor base = base_;
  if (base.defined()) {
    if (colour.defined()) base = at::einsum("mc,bchw->bmhw", {colour, base});
    base = changed(base);
  }
  const Tensor a = features_.narrow(1, 0, weight_.size(2)).to(torch::kFloat32);
  return Candidates(changed(a).contiguous(at::MemoryFormat::ChannelsLast), weight, base)
      .after(code_)
      .expecting(log_prior_);
}

}  // namespace steer
