#include "steer/nn/transposed_conv.h"

#include <torch/torch.h>

namespace steer {
namespace {

struct TransposedConvFunction : torch::autograd::Function<TransposedConvFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& given, const Tensor& weight,
                        int64_t stride, int64_t padding) {
    const Tensor x = given.contiguous(at::MemoryFormat::ChannelsLast),
                 w = weight.to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
    const auto size = [&](int64_t n) { return (n - 1) * stride - 2 * padding + w.size(2); };
    // A tensor of the result's shape whose values nobody reads.
    const Tensor shape = at::empty({x.size(0), w.size(1), size(x.size(2)), size(x.size(3))}, x.options(),
                                   at::MemoryFormat::ChannelsLast);
    context->save_for_backward({x, w});
    context->saved_data["stride"] = stride;
    context->saved_data["padding"] = padding;
    return std::get<0>(at::convolution_backward(x, shape, w, c10::nullopt, {stride, stride},
                                                {padding, padding}, {1, 1}, false, {0, 0}, 1,
                                                {true, false, false}));
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &w = saved[1];
    const int64_t stride = context->saved_data["stride"].toInt(),
                  padding = context->saved_data["padding"].toInt();
    const Tensor dy = gradients[0].to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
    const Tensor dx = at::conv2d(dy, w, {}, stride, padding);
    const Tensor dw =
        std::get<1>(at::convolution_backward(x, dy, w, c10::nullopt, {stride, stride}, {padding, padding},
                                             {1, 1}, false, {0, 0}, 1, {false, true, false}));
    return {dx, dw.to(torch::kFloat32), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor transposed_conv(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t stride,
                       int64_t padding) {
  const Tensor y = TransposedConvFunction::apply(x, weight, stride, padding);
  return y + bias.to(y.scalar_type()).view({1, -1, 1, 1});
}

}  // namespace steer
