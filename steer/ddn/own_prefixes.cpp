#include "steer/ddn/own_prefixes.h"

#include <limits>
#include <map>

#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/ddn/chooser.h"

namespace steer {
namespace {

constexpr uint64_t kChosenStream = 5000000, kLengthStream = 5000001;

// The row of x nearest to each of the images [N, C, h, w], among those with the same label.
Tensor nearest_rows(const Tensor& images, const Tensor& x, const Tensor& label, const Tensor& asked) {
  Tensor distance = at::cdist(images.flatten(1), x.flatten(1));
  if (label.defined())
    distance = distance.masked_fill(asked.unsqueeze(1) != label.unsqueeze(0),
                                    std::numeric_limits<float>::infinity());
  return distance.argmin(1);
}

}  // namespace

OwnPrefixes own_prefixes(const Network& network, const Tensor& x, double chance, const Tensor& seeds,
                         const Condition& condition, const Tensor& label) {
  const torch::NoGradGuard no_grad;
  const int64_t rows = x.size(0), depth = network.depth();
  const Tensor drawn = uniform_rows(seeds, kChosenStream, {1}).squeeze(1) < chance;
  const double lengths = static_cast<double>(depth - 1);
  const Tensor u = uniform_rows(seeds, kLengthStream, {1}).squeeze(1);
  const Tensor length = 1 + (u * lengths).floor().to(torch::kInt64).clamp_max(depth - 2);
  OwnPrefixes own{at::where(drawn, length, at::zeros_like(length)), at::zeros({rows, depth}, seeds.options()),
                  at::arange(rows, seeds.options())};
  const Tensor some = drawn.nonzero().squeeze(1);
  if (some.size(0) == 0) return own;
  const Tensor held = own.held.index_select(0, some),
               asked = label.defined() ? label.index_select(0, some) : label;
  Tensor target = some.clone();
  std::map<int64_t, Tensor> small;
  const Observer observer = [&](const LayerStep& step) {
    const Tensor ending = (held == step.layer + 1).nonzero().squeeze(1);
    if (ending.size(0) == 0) return;
    Tensor& sized = small[step.image.size(2)];
    if (!sized.defined())
      sized = area_resize(x, step.image.size(2), step.image.size(3)).to(step.image.device());
    const Tensor told = asked.defined() ? asked.index_select(0, ending) : asked;
    target.index_copy_(0, ending, nearest_rows(step.image.index_select(0, ending), sized, label, told));
  };
  const Generated made = network.run(some.size(0), at_random(seeds.index_select(0, some)), observer,
                                     condition.defined() ? condition.at(some) : condition);
  own.code.index_copy_(0, some, made.code);
  own.target.index_copy_(0, some, target);
  return own;
}

}  // namespace steer
