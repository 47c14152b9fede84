#include "steer/nn/silu_sum.h"

#include <ATen/Parallel.h>
#include <torch/nn.h>

#include "steer/core/check.h"
#include "steer/core/host.h"
#include "steer/core/kernel_calls.h"
#include "steer/nn/silu_sum_kernel.h"

namespace steer {
namespace {

constexpr int64_t kSiluGrain = 1 << 14;
constexpr size_t kMostSilus = 3;

struct SiluSumFunction : torch::autograd::Function<SiluSumFunction> {
  // Absent terms are empty tensors, since undefined ones cannot be arguments here. All are dense and strided
  // alike.
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& a, const Tensor& b,
                        const Tensor& c) {
    const int terms = c.numel() > 0 ? 3 : b.numel() > 0 ? 2 : 1;
    const Tensor y = at::empty_like(a);
    with_number_type(a, [&](auto type) {
      using T = decltype(type);
      const T *pa = a.data_ptr<T>(), *pb = terms > 1 ? b.data_ptr<T>() : pa,
              *pc = terms > 2 ? c.data_ptr<T>() : pa;
      T* out = y.data_ptr<T>();
      at::parallel_for(0, a.numel(), kSiluGrain, [&](int64_t begin, int64_t end) {
        kernels::silu_sum(pa + begin, pb + begin, pc + begin, end - begin, terms, out + begin);
      });
    });
    context->save_for_backward({a, b, c});
    context->saved_data["terms"] = static_cast<int64_t>(terms);
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const size_t terms = static_cast<size_t>(context->saved_data["terms"].toInt());
    const Tensor& like = saved[0];
    Tensor dy = gradients[0].to(like.scalar_type());
    if (dy.strides() != like.strides()) dy = at::empty_like(like).copy_(dy);
    torch::autograd::variable_list back(kMostSilus);
    for (size_t t = 0; t < terms; ++t) {
      back[t] = at::empty_like(like);
      with_number_type(like, [&](auto type) {
        using T = decltype(type);
        const T *x = saved[t].data_ptr<T>(), *g = dy.data_ptr<T>();
        T* out = back[t].data_ptr<T>();
        at::parallel_for(0, like.numel(), kSiluGrain, [&](int64_t begin, int64_t end) {
          kernels::silu_gradient(x + begin, g + begin, end - begin, out + begin);
        });
      });
    }
    return back;
  }
};

}  // namespace

Tensor silu_sum_plain(const std::vector<Tensor>& x) {
  Tensor sum;
  for (const Tensor& each : x) {
    const Tensor term = at::silu(each.scalar_type() == torch::kFloat64 ? each : each.to(torch::kFloat32));
    sum = sum.defined() ? sum + term : term;
  }
  return sum.to(x[0].scalar_type());
}

Tensor silu_sum(const std::vector<Tensor>& x) {
  STEER_CHECK(!x.empty() && x.size() <= kMostSilus, "[silu_sum] expected 1 to ", kMostSilus,
              " tensors but got ", x.size());
  const auto type = x[0].scalar_type();
  bool fits = on_host(x[0]) && (type == torch::kFloat32 || type == torch::kBFloat16) &&
              x[0].is_non_overlapping_and_dense();
  for (const Tensor& each : x)
    fits = fits && each.scalar_type() == type && each.sizes() == x[0].sizes() &&
           each.strides() == x[0].strides();
  if (!fits) return silu_sum_plain(x);
  const Tensor none = at::empty({0}, x[0].options().requires_grad(false));
  return SiluSumFunction::apply(x[0], x.size() > 1 ? x[1] : none, x.size() > 2 ? x[2] : none);
}

}  // namespace steer
