// Our own kernels and formulations by themselves, each beside what libtorch 2 has for the same.
#include <torch/torch.h>

#include "bench/work.h"
#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/precision.h"
#include "steer/nn/adam_update.h"
#include "steer/nn/group_norm_silu.h"
#include "steer/nn/layer_norm_maps.h"
#include "steer/nn/silu_sum.h"
#include "steer/nn/transposed_conv.h"

namespace steer::bench {
namespace {

using torch::Tensor;

constexpr int64_t kImages = 64, kChannels = 64;

struct KernelOptions {
  std::string kernel;                         // one of those in make_kernel
  torch::ScalarType type = torch::kBFloat16;  // of the maps
  bool library = false, backward = false;
};

Tensor random_maps(int64_t channels, int64_t size, const KernelOptions& o) {
  return torch::randn({kImages, channels, size, size})
      .to(o.type)
      .contiguous(at::MemoryFormat::ChannelsLast)
      .requires_grad_(o.backward);
}

// A function of tensors that need gradients, run forward and, where asked, back.
class KernelWork : public Work {
 public:
  KernelWork(std::vector<Tensor> inputs, std::function<Tensor()> function, bool backward)
      : inputs_(std::move(inputs)), function_(std::move(function)), backward_(backward) {}

  void run() override {
    torch::AutoGradMode mode(backward_);
    const Tensor y = function_();
    if (!backward_) return;
    if (!gradient_.defined()) gradient_ = at::randn_like(y);
    torch::autograd::grad({y}, inputs_, {gradient_});
  }

 private:
  std::vector<Tensor> inputs_;
  std::function<Tensor()> function_;
  bool backward_;
  Tensor gradient_;
};

std::unique_ptr<Work> norm_with_silu(const KernelOptions& o) {
  const Tensor x = random_maps(kChannels, 32, o),
               weight = torch::rand({kChannels}).requires_grad_(o.backward),
               bias = torch::rand({kChannels}).requires_grad_(o.backward);
  return std::make_unique<KernelWork>(
      std::vector<Tensor>{x, weight, bias},
      [=] {
        if (!o.library) return group_norm_silu(x, weight, bias, 16, 1e-5);
        return at::silu(at::group_norm(x, 16, weight.to(o.type), bias.to(o.type), 1e-5));
      },
      o.backward);
}

std::unique_ptr<Work> norm_of_maps(const KernelOptions& o) {
  const Tensor x = random_maps(kChannels, 16, o),
               weight = torch::rand({kChannels, 16, 16}).requires_grad_(o.backward),
               bias = torch::rand({kChannels, 16, 16}).requires_grad_(o.backward);
  return std::make_unique<KernelWork>(
      std::vector<Tensor>{x, weight, bias},
      [=] {
        if (!o.library) return layer_norm_maps(x, weight, bias, 1e-5, true);
        return at::layer_norm(at::silu(x), {kChannels, 16, 16}, weight.to(o.type), bias.to(o.type), 1e-5);
      },
      o.backward);
}

std::unique_ptr<Work> sum_of_silus(const KernelOptions& o) {
  const Tensor a = random_maps(kChannels, 32, o), b = random_maps(kChannels, 32, o);
  return std::make_unique<KernelWork>(
      std::vector<Tensor>{a, b},
      [=] {
        return o.library ? at::silu(a) + at::silu(b) : silu_sum({a, b});
      },
      o.backward);
}

std::unique_ptr<Work> transposed(const KernelOptions& o) {
  const Tensor x = random_maps(kChannels, 16, o),
               weight = torch::randn({kChannels, kChannels / 2, 4, 4}).requires_grad_(o.backward),
               bias = torch::randn({kChannels / 2}).requires_grad_(o.backward);
  return std::make_unique<KernelWork>(
      std::vector<Tensor>{x, weight, bias},
      [=] {
        if (!o.library) return transposed_conv(x, weight, bias, 2, 1);
        return at::conv_transpose2d(x, weight.to(o.type), bias.to(o.type), 2, 1);
      },
      o.backward);
}

// One head of 64 numbers over 8x8 positions, as in the U-Nets; steer's formulation is that of
// nn/attention.cpp.
std::unique_ptr<Work> attention(const KernelOptions& o) {
  const auto rows = [&] {
    return torch::randn({kImages, 64, kChannels}).to(o.type).requires_grad_(o.backward);
  };
  const Tensor q = rows(), k = rows(), v = rows();
  return std::make_unique<KernelWork>(
      std::vector<Tensor>{q, k, v},
      [=] {
        if (o.library)
          return at::scaled_dot_product_attention(q.unsqueeze(1), k.unsqueeze(1), v.unsqueeze(1)).squeeze(1);
        const Tensor weights = at::softmax(at::bmm(q * 0.125, k.transpose(1, 2)), -1, torch::kFloat32);
        return at::bmm(weights.to(o.type), v);
      },
      o.backward);
}

// One step over twenty weights of 256 x 256 x 3 x 3.
class AdamWork : public Work {
 public:
  explicit AdamWork(bool library) : library_(library) {
    for (int i = 0; i < 20; ++i)
      for (auto* list : {&weights_, &gradients_, &first_, &second_})
        list->push_back(torch::rand({256, 256, 3, 3}));
    for (size_t i = 0; i < weights_.size(); ++i) steps_.push_back(torch::ones({}));
  }

  void run() override {
    if (library_) {
      at::_fused_adam_(weights_, gradients_, first_, second_, {}, steps_, 1e-4, 0.9, 0.999, 0, 1e-8, false,
                       false);
      return;
    }
    for (size_t i = 0; i < weights_.size(); ++i)
      adam_update(weights_[i], gradients_[i], first_[i], second_[i], {0.9, 0.999, 1e-8, 1e-4, 1});
  }

 private:
  bool library_;
  std::vector<Tensor> weights_, gradients_, first_, second_, steps_;
};

}  // namespace

std::unique_ptr<Work> make_kernel(const Json& options) {
  torch::manual_seed(1);
  KernelOptions o;
  o.kernel = options.at("kernel").get<std::string>();
  o.library = options.value("library", false);
  o.backward = options.value("backward", false);
  o.type = scalar_type(make_precision(options.value("precision", "bfloat16"), torch::kCPU));
  if (o.kernel == "group_norm_silu") return norm_with_silu(o);
  if (o.kernel == "layer_norm_maps") return norm_of_maps(o);
  if (o.kernel == "silu_sum") return sum_of_silus(o);
  if (o.kernel == "transposed_conv") return transposed(o);
  if (o.kernel == "attention") return attention(o);
  if (o.kernel == "adam") return std::make_unique<AdamWork>(o.library);
  fail("expected a kernel but got ", o.kernel);
}

}  // namespace steer::bench
