#include "steer/ddn/chosen_products.h"

#include <ATen/Parallel.h>
#include <torch/nn.h>

#include "steer/core/kernel_calls.h"
#include "steer/ddn/chosen_products_kernel.h"

namespace steer {
namespace {

struct ChosenProductsFunction : torch::autograd::Function<ChosenProductsFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& features,
                        const Tensor& given_weight, const Tensor& index) {
    const Tensor weight = given_weight.contiguous();
    const int64_t batch = features.size(0), pixels = features.size(2) * features.size(3);
    const int64_t channels = weight.size(1), inner = weight.size(2), parts = features.size(1) / inner;
    const Tensor out =
        at::empty({batch, parts * channels, features.size(2), features.size(3)}, weight.options());
    const int64_t* k = index.data_ptr<int64_t>();
    const Rows<float> w(weight), y(out);
    with_number_type(features, [&](auto type) {
      const Rows<decltype(type)> h(features);
      at::parallel_for(0, batch, 1, [&](int64_t begin, int64_t end) {
        for (int64_t b = begin; b < end; ++b)
          kernels::chosen_products(h[b], w[k[b]], pixels, parts, channels, inner, y[b]);
      });
    });
    context->save_for_backward({features, weight, index});
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &features = saved[0], &weight = saved[1], &index = saved[2];
    const Tensor dy = gradients[0].contiguous();
    const int64_t batch = features.size(0), pixels = features.size(2) * features.size(3);
    const int64_t channels = weight.size(1), inner = weight.size(2), parts = features.size(1) / inner;
    const Tensor dh = at::empty_like(features), each = at::empty({batch, channels, inner}, weight.options());
    const int64_t* k = index.data_ptr<int64_t>();
    const Rows<float> w(weight), g(dy), dw(each);
    with_number_type(features, [&](auto type) {
      const Rows<decltype(type)> h(features), out(dh);
      at::parallel_for(0, batch, 1, [&](int64_t begin, int64_t end) {
        const auto room = room_for(inner);
        for (int64_t b = begin; b < end; ++b)
          kernels::chosen_products_backward(h[b], w[k[b]], g[b], pixels, parts, channels, inner, out[b],
                                            dw[b], room.get());
      });
    });
    return {dh, at::zeros_like(weight).index_add_(0, index, each), Tensor()};
  }
};

}  // namespace

Tensor chosen_products(const Tensor& features, const Tensor& weight, const Tensor& index) {
  return ChosenProductsFunction::apply(features, weight, index.contiguous());
}

}  // namespace steer
