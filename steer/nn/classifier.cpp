#include "steer/nn/classifier.h"

#include "steer/core/check.h"
#include "steer/core/interruption.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

struct ClassifierBlockImpl : torch::nn::Module {
  ClassifierBlockImpl(int64_t in, int64_t out) {
    norm0 = register_module("norm0", GroupNormSilu(in));
    conv0 = register_module("conv0", Conv(ConvOptions{in, out, 3, true, 1.0}));
    norm1 = register_module("norm1", GroupNormSilu(out));
    conv1 = register_module("conv1", Conv(ConvOptions{out, out, 3, true, 0.3}));
    if (in != out) skip = register_module("skip", Conv(ConvOptions{in, out, 1, false, 1.0}));
  }

  Tensor forward(const Tensor& x) const {
    const Tensor y = conv1->forward(norm1->forward(conv0->forward(norm0->forward(x))));
    return y + (skip.is_empty() ? x : skip->forward(x));
  }

  GroupNormSilu norm0{nullptr}, norm1{nullptr};
  Conv conv0{nullptr}, conv1{nullptr}, skip{nullptr};
};
TORCH_MODULE(ClassifierBlock);

void check_classifier(const ClassifierOptions& o) {
  STEER_CHECK(o.channels > 0 && o.classes > 1,
              "[classifier] expected at least 1 channel and 2 classes but got ", o.channels, " and ",
              o.classes, "; training takes them from its data");
  STEER_CHECK(!o.widths.empty() && o.widths.size() < 16 && o.blocks >= 1 && o.blocks <= 1000 && o.patch >= 1,
              "[classifier] expected 1 to 15 widths, at least 1 block and a patch of at least 1 but got ",
              o.widths.size(), ", ", o.blocks, " and ", o.patch);
  for (int64_t width : o.widths)
    STEER_CHECK(width > 0 && width % 4 == 0 && (width <= 128 || width % 32 == 0),
                "[classifier] expected widths that are multiples of 4, above 128 of 32, but got ", width);
  const int64_t least = o.patch << (o.widths.size() - 1);
  STEER_CHECK(o.size > 0 && o.size % least == 0, "[classifier] expected a size that is a multiple of ", least,
              ", as patch and widths ask, but got ", o.size);
  STEER_CHECK(o.dropout >= 0 && o.dropout < 1, "[classifier] expected dropout in [0, 1) but got ", o.dropout);
}

}  // namespace

Extent extent(const ClassifierOptions& o) {
  check_classifier(o);
  Extent sum;
  const auto conv = [&sum](int64_t in, int64_t out, int64_t kernel, bool bias, int64_t times) {
    sum.add({out, in, kernel, kernel}, times);
    if (bias) sum.add({out}, times);
  };
  const auto block = [&](int64_t in, int64_t out, int64_t times) {
    sum.add({in}, 2 * times), sum.add({out}, 2 * times);
    conv(in, out, 3, true, times), conv(out, out, 3, true, times);
    if (in != out) conv(in, out, 1, false, times);
  };
  int64_t width = o.widths.front();
  conv(o.channels * o.patch * o.patch, width, 3, true, 1);
  for (const int64_t next : o.widths) {
    block(width, next, 1);
    block(next, next, o.blocks - 1);
    width = next;
  }
  sum.add({width}, 2);
  sum.add({o.classes, width}), sum.add({o.classes});
  return sum;
}

ClassifierImpl::ClassifierImpl(const ClassifierOptions& given) : options(given) {
  check_classifier(options);
  int64_t width = options.widths.front();
  stem = register_module(
      "stem", Conv(ConvOptions{options.channels * options.patch * options.patch, width, 3, true, 1.0}));
  stages = register_module("stages", torch::nn::ModuleList());
  for (const int64_t next : options.widths)
    for (int64_t block = 0; block < options.blocks; ++block) {
      stages->push_back(ClassifierBlock(width, next));
      width = next;
    }
  norm = register_module("norm", GroupNormSilu(width));
  last = register_module("last", torch::nn::Linear(width, options.classes));
}

Tensor ClassifierImpl::features(const Tensor& x, const Forwarding& how) const {
  STEER_CHECK(
      x.dim() == 4 && x.size(1) == options.channels && x.size(2) == options.size && x.size(3) == options.size,
      "[classifier] expected images [N, ", options.channels, ", ", options.size, ", ", options.size,
      "] but got ", shape_text(x.sizes()));
  Tensor h = options.patch > 1 ? at::pixel_unshuffle(x, options.patch) : x;
  const torch::ScalarType type = how.compute_type.value_or(compute_type);
  h = stem->forward(h.to(type).contiguous(at::MemoryFormat::ChannelsLast));
  for (size_t i = 0; i < stages->size(); ++i) {
    end_if_interrupted();
    if (i > 0 && static_cast<int64_t>(i) % options.blocks == 0) h = at::avg_pool2d(h, {2, 2});
    h = stages->ptr<ClassifierBlockImpl>(i)->forward(h);
  }
  return norm->forward(h).to(torch::kFloat32).mean({2, 3});
}

Tensor ClassifierImpl::forward(const Tensor& x, const Forwarding& how) const {
  const Tensor shown = with_dropout(features(x, how), options.dropout, how.dropout_seed);
  return torch::nn::functional::linear(shown, last->weight, last->bias);
}

}  // namespace steer
