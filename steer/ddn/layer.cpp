#include "steer/ddn/layer.h"

#include "steer/core/check.h"

namespace steer {
namespace {

// Adds in one pass and hands the gradient on without copies of the whole. An absent part is an empty tensor:
// autograd functions refuse undefined ones.
struct Reenter : torch::autograd::Function<Reenter> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& h, const Tensor& image,
                        const Tensor& leak, const Tensor& condition) {
    const auto channels = [](const Tensor& part) { return part.dim() == 4 ? part.size(1) : int64_t{0}; };
    context->saved_data["image_channels"] = channels(image);
    context->saved_data["leak_channels"] = channels(leak);
    Tensor out = h.clone();
    const auto add = [&](int64_t first, const Tensor& part) {
      if (channels(part) > 0) out.narrow(1, first, channels(part)).add_(part);
    };
    add(0, image);
    add(h.size(1) - channels(leak), leak);
    add(h.size(1) / 2 - channels(condition) / 2, condition);
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const Tensor& gradient = gradients[0];
    const int64_t image = context->saved_data["image_channels"].toInt(),
                  leak = context->saved_data["leak_channels"].toInt();
    return {gradient, image ? gradient.narrow(1, 0, image).to(torch::kFloat32) : Tensor(),
            leak ? gradient.narrow(1, gradient.size(1) - leak, leak).to(torch::kFloat32) : Tensor(),
            Tensor()};
  }
};

}  // namespace

LayerImpl::LayerImpl(const LayerOptions& given) : options(given) {
  const int64_t used = options.leak ? options.features / 2 : options.features;
  STEER_CHECK(options.candidates >= 1 && options.image_channels >= 1,
              "[layer] expected at least one candidate and channel but got ", options.candidates, " and ",
              options.image_channels);
  STEER_CHECK(used >= 1 && (!options.reenters || options.features >= 2 * options.image_channels) &&
                  (!options.leak || options.features % 2 == 0),
              "[layer] expected an even number of features, at least twice the ", options.image_channels,
              " image channels, but got ", options.features);
  multi_out_conv1x1 = register_module(
      "multi_out_conv1x1",
      torch::nn::Conv2d(
          torch::nn::Conv2dOptions(used, options.candidates * options.image_channels, 1).bias(false)));
  counts = register_buffer("counts", at::zeros({options.candidates}, torch::kFloat64));
  idle = register_buffer("idle", at::zeros({options.candidates}, torch::kInt64));
}

Tensor LayerImpl::node_weights() const {
  const Tensor& weight = multi_out_conv1x1->weight;
  return weight.view({options.candidates, options.image_channels, weight.size(1)});
}

Candidates LayerImpl::candidates(const Tensor& h, const Tensor& previous) const {
  Tensor base;
  if (options.residual && previous.defined()) {
    const bool same = previous.size(2) == h.size(2) && previous.size(3) == h.size(3);
    base = same ? previous : at::upsample_bilinear2d(previous, {h.size(2), h.size(3)}, false);
  }
  return Candidates(h, node_weights(), base);
}

Tensor reenter(const Tensor& h, const Tensor& image, const Tensor& leak, const Tensor& condition) {
  if (!image.defined() && !leak.defined() && !condition.defined()) return h;
  const auto given = [&](const Tensor& part) { return part.defined() ? part : at::empty({0}, h.options()); };
  return Reenter::apply(h, given(image), given(leak), given(condition));
}

}  // namespace steer
