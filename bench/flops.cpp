#include "bench/flops.h"

#include <ATen/record_function.h>
#include <torch/types.h>

#include <atomic>
#include <string>

namespace steer::bench {
namespace {

std::atomic<double> counted_flops{0};

void add(double flops) {
  double seen = counted_flops.load();
  while (!counted_flops.compare_exchange_weak(seen, seen + flops)) continue;
}

double elements(const at::Tensor& tensor) {
  return static_cast<double>(tensor.numel());
}

// Of one product in a convolution: each output pixel, or each input pixel of a transposed one, meets the
// whole kernel.
double of_convolution(const at::Tensor& pixels, const at::Tensor& weight) {
  const double maps = static_cast<double>(pixels.size(0)) * elements(pixels[0][0]);
  return 2 * maps * elements(weight);
}

void count(const at::RecordFunction& fn) {
  const std::string name = fn.name();
  const auto inputs = fn.inputs();
  const auto tensor = [&](size_t i) { return inputs[i].toTensor(); };
  if (name == "aten::convolution") {
    const auto x = tensor(0), weight = tensor(1);
    if (inputs[6].toBool()) return add(of_convolution(x, weight));
    const auto stride = inputs[3].toIntVector();
    double shrink = 1;
    for (int64_t s : stride) shrink *= static_cast<double>(s);
    add(of_convolution(x, weight) / shrink);
  } else if (name == "aten::convolution_backward") {
    const auto gradient = tensor(0), x = tensor(1), weight = tensor(2);
    const auto wanted = inputs[10].toBoolList();
    const double each = of_convolution(inputs[7].toBool() ? x : gradient, weight);
    add(each * ((wanted[0] ? 1 : 0) + (wanted[1] ? 1 : 0)));
  } else if (name == "aten::mm") {
    add(2 * elements(tensor(0)) * static_cast<double>(tensor(1).size(1)));
  } else if (name == "aten::addmm" || name == "aten::addmm_") {
    add(2 * elements(tensor(1)) * static_cast<double>(tensor(2).size(1)));
  } else if (name == "aten::bmm") {
    add(2 * elements(tensor(0)) * static_cast<double>(tensor(1).size(2)));
  }
}

}  // namespace

double flops_of(const std::function<void()>& work) {
  counted_flops = 0;
  const auto handle = at::addGlobalCallback(at::RecordFunctionCallback([](const at::RecordFunction& fn) {
                                              count(fn);
                                              return std::unique_ptr<at::ObserverContext>();
                                            })
                                                .needsInputs(true)
                                                .scopes({at::RecordScope::FUNCTION}));
  work();
  at::removeCallback(handle);
  return counted_flops;
}

}  // namespace steer::bench
