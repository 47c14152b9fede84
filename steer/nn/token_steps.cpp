#include "steer/nn/token_steps.h"

#include <ATen/Parallel.h>
#include <torch/nn.h>

#include "steer/core/host.h"
#include "steer/core/kernel_calls.h"
#include "steer/nn/attend.h"
#include "steer/nn/token_kernels.h"

namespace steer {
namespace {

constexpr double kNormEpsilon = 1e-5;

bool is_fused_type(torch::ScalarType type) {
  return type == torch::kFloat32 || type == torch::kBFloat16;
}

const float* floats(const Tensor& tensor) {
  return tensor.defined() && tensor.numel() > 0 ? tensor.data_ptr<float>() : nullptr;
}

// Turns of every place, cosines and sines [T, d / 2]; both empty where nothing is turned.
std::pair<Tensor, Tensor> turns_of(const Tensor& place, int64_t size) {
  const auto type = at::TensorOptions().dtype(torch::kFloat32);
  if (!place.defined()) return {at::empty({0}, type), at::empty({0}, type)};
  // rotated() of (1, 0) in every plane is its cosine and sine.
  const Tensor unit = at::cat({at::ones({size / 2}, type), at::zeros({size / 2}, type)});
  const Tensor turned = rotated(unit.expand({1, 1, place.size(0), size}), place)[0][0];
  return {turned.narrow(1, 0, size / 2).contiguous(), turned.narrow(1, size / 2, size / 2).contiguous()};
}

struct SplitHeadsFunction : torch::autograd::Function<SplitHeadsFunction> {
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context,
                                                const Tensor& given, int64_t heads, const Tensor& cos,
                                                const Tensor& sin) {
    const Tensor qkv = given.contiguous();
    const int64_t B = qkv.size(0), T = qkv.size(1), d = qkv.size(2) / (3 * heads);
    std::vector<Tensor> made;
    for (int i = 0; i < 3; ++i) made.push_back(at::empty({B, heads, T, d}, qkv.options()));
    with_number_type(qkv, [&](auto type) {
      using N = decltype(type);
      const Rows<N> in(qkv), q(made[0]), k(made[1]), v(made[2]);
      at::parallel_for(0, B, 1, [&](int64_t begin, int64_t end) {
        for (int64_t b = begin; b < end; ++b)
          kernels::split_heads(static_cast<const N*>(in[b]), {T, heads, d}, floats(cos), floats(sin), q[b],
                               k[b], v[b]);
      });
    });
    context->save_for_backward({cos, sin});
    return made;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    std::vector<Tensor> d;
    for (const Tensor& gradient : gradients) d.push_back(gradient.contiguous());
    const int64_t B = d[0].size(0), H = d[0].size(1), T = d[0].size(2), size = d[0].size(3);
    const Tensor back = at::empty({B, T, 3 * H * size}, d[0].options());
    with_number_type(back, [&](auto type) {
      using N = decltype(type);
      const Rows<N> out(back), q(d[0]), k(d[1]), v(d[2]);
      at::parallel_for(0, B, 1, [&](int64_t begin, int64_t end) {
        for (int64_t b = begin; b < end; ++b)
          kernels::joined_heads(static_cast<const N*>(q[b]), static_cast<const N*>(k[b]),
                                static_cast<const N*>(v[b]), {T, H, size}, floats(saved[0]), floats(saved[1]),
                                out[b]);
      });
    });
    return {back, {}, {}, {}};
  }
};

// One of these for each text: where the gradients of what is told of it, or of what is shared, add up.
Tensor room_like(const Tensor& like, int64_t rows, int64_t width) {
  return like.numel() > 0 ? at::zeros({rows, width}, like.options().requires_grad(false)) : Tensor();
}

float* row_of(const Tensor& rows, int64_t b) {
  return rows.defined() ? rows.data_ptr<float>() + b * rows.size(1) : nullptr;
}

struct AddAndNormFunction : torch::autograd::Function<AddAndNormFunction> {
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context, const Tensor& h,
                                                const Tensor& y, const Tensor& gate, const Tensor& weight,
                                                const Tensor& bias, const Tensor& shift, const Tensor& scale,
                                                int64_t type) {
    const int64_t B = h.size(0), T = h.size(1), W = h.size(2);
    const bool adds = y.numel() > 0;
    const Tensor sum = adds ? at::empty_like(h) : h;
    const Tensor z = at::empty(h.sizes(), h.options().dtype(static_cast<torch::ScalarType>(type)));
    const Tensor moments = at::empty({B, T, 2}, h.options());
    with_number_type(z, [&](auto number) {
      using N = decltype(number);
      const N* py = adds ? y.data_ptr<N>() : nullptr;
      at::parallel_for(0, B, 1, [&](int64_t begin, int64_t end) {
        for (int64_t b = begin; b < end; ++b)
          for (int64_t t = b * T; t < (b + 1) * T; ++t) {
            const kernels::RowMoments m = kernels::add_and_norm(
                h.data_ptr<float>() + t * W, py ? py + t * W : nullptr, row_of_all(gate, b, W),
                floats(weight), floats(bias), row_of_all(shift, b, W), row_of_all(scale, b, W), W,
                kNormEpsilon, sum.data_ptr<float>() + t * W, z.data_ptr<N>() + t * W);
            moments.data_ptr<float>()[2 * t] = m.mean, moments.data_ptr<float>()[2 * t + 1] = m.rstd;
          }
      });
    });
    context->save_for_backward(
        {sum, gate.numel() > 0 ? y : y.narrow(0, 0, 0), gate, weight, bias, scale, moments});
    context->saved_data["adds"] = adds;
    context->set_materialize_grads(false);
    return adds ? torch::autograd::variable_list{sum, z} : torch::autograd::variable_list{z};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &sum = saved[0], &y = saved[1], &gate = saved[2], &weight = saved[3], &bias = saved[4],
                 &scale = saved[5], &moments = saved[6];
    const bool adds = context->saved_data["adds"].toBool();
    const int64_t B = sum.size(0), T = sum.size(1), W = sum.size(2);
    Tensor dz = gradients.back();
    if (!dz.defined()) dz = at::zeros_like(sum);
    dz = dz.contiguous();
    const Tensor dsum = adds && gradients[0].defined() ? gradients[0].contiguous() : Tensor();
    const Tensor dh = at::empty_like(sum), dy = adds ? at::empty(sum.sizes(), dz.options()) : Tensor();
    const Tensor dweight = room_like(weight, B, W), dbias = room_like(bias, B, W),
                 dshift = room_like(scale, B, W), dscale = room_like(scale, B, W),
                 dgate = room_like(gate, B, W);
    with_number_type(dz, [&](auto number) {
      using N = decltype(number);
      // Without a gate what y was does not matter, only that it was.
      const N* py = !adds ? nullptr : gate.numel() > 0 ? y.data_ptr<N>() : dz.data_ptr<N>();
      at::parallel_for(0, B, 1, [&](int64_t begin, int64_t end) {
        for (int64_t b = begin; b < end; ++b)
          for (int64_t t = b * T; t < (b + 1) * T; ++t)
            kernels::add_and_norm_backward(
                sum.data_ptr<float>() + t * W, py ? py + t * W : nullptr, row_of_all(gate, b, W),
                floats(weight), floats(bias), row_of_all(scale, b, W),
                dsum.defined() ? dsum.data_ptr<float>() + t * W : nullptr, dz.data_ptr<N>() + t * W,
                {moments.data_ptr<float>()[2 * t], moments.data_ptr<float>()[2 * t + 1]}, W,
                dh.data_ptr<float>() + t * W, adds ? dy.data_ptr<N>() + t * W : nullptr,
                {row_of(dweight, b), row_of(dbias, b), row_of(dshift, b), row_of(dscale, b),
                 row_of(dgate, b)});
      });
    });
    const auto of_rows = [](const Tensor& rows) { return rows.defined() ? rows.unsqueeze(1) : rows; };
    const auto shared = [](const Tensor& rows) { return rows.defined() ? rows.sum(0) : rows; };
    return {dh, dy, of_rows(dgate), shared(dweight), shared(dbias), of_rows(dshift), of_rows(dscale), {}};
  }

 private:
  // Row b of [B, 1, W]; null where there is none.
  static const float* row_of_all(const Tensor& rows, int64_t b, int64_t W) {
    return rows.numel() > 0 ? rows.data_ptr<float>() + b * W : nullptr;
  }
};

}  // namespace

Heads split_heads_plain(const Tensor& qkv, int64_t heads, const Tensor& place) {
  const int64_t B = qkv.size(0), T = qkv.size(1), d = qkv.size(2) / (3 * heads);
  const std::vector<Tensor> parts = qkv.view({B, T, 3, heads, d}).permute({2, 0, 3, 1, 4}).unbind(0);
  if (!place.defined()) return {parts[0], parts[1], parts[2]};
  return {rotated(parts[0], place), rotated(parts[1], place), parts[2]};
}

Heads split_heads(const Tensor& qkv, int64_t heads, const Tensor& place) {
  if (!on_host(qkv) || !is_fused_type(qkv.scalar_type())) return split_heads_plain(qkv, heads, place);
  const auto [cos, sin] = turns_of(place, qkv.size(2) / (3 * heads));
  const auto made = SplitHeadsFunction::apply(qkv, heads, cos, sin);
  return {made[0], made[1], made[2]};
}

AddedAndNormed add_and_norm_plain(const Tensor& h, const Tensor& y, const Tensor& gate,
                                  const TokenNormWeights& weights, torch::ScalarType type) {
  AddedAndNormed made;
  made.sum = !y.defined()     ? h
             : gate.defined() ? at::addcmul(h, gate, y.to(torch::kFloat32))
                              : h + y.to(torch::kFloat32);
  made.z = at::layer_norm(made.sum, {h.size(-1)}, weights.weight, weights.bias, kNormEpsilon);
  if (weights.scale.defined()) made.z = at::addcmul(weights.shift, made.z, 1 + weights.scale);
  made.z = made.z.to(type);
  return made;
}

AddedAndNormed add_and_norm(const Tensor& h, const Tensor& y, const Tensor& gate,
                            const TokenNormWeights& weights, torch::ScalarType type) {
  const bool fits = on_host(h) && is_fused_type(type) && h.scalar_type() == torch::kFloat32 && h.dim() == 3 &&
                    weights.weight.defined() && (!y.defined() || y.scalar_type() == type);
  if (!fits) return add_and_norm_plain(h, y, gate, weights, type);
  // Undefined tensors cannot be arguments of a function with gradients.
  const Tensor none = at::empty({0}, h.options().requires_grad(false));
  const auto dense = [&](const Tensor& some) { return some.defined() ? some.contiguous() : none; };
  const auto made = AddAndNormFunction::apply(
      h.contiguous(), y.defined() ? y.contiguous() : none.to(type), dense(gate), weights.weight,
      dense(weights.bias), dense(weights.shift), dense(weights.scale), static_cast<int64_t>(type));
  return made.size() == 2 ? AddedAndNormed{made[0], made[1]} : AddedAndNormed{h, made[0]};
}

}  // namespace steer
