#include "steer/ddn/node_bias.h"

namespace steer {

void add_node_bias(Layer& layer) {
  layer->bias =
      layer->register_buffer("bias", at::zeros({layer->options.candidates}, layer->counts.options()));
}

void update_node_bias(Layer& layer, double rate) {
  torch::NoGradGuard no_grad;
  const Tensor& counts = layer->counts;
  layer->bias += (counts - counts.mean()).sign() * rate;
  layer->bias -= layer->bias.mean();
}

Tensor biased_nearest(const Tensor& distance, const Tensor& bias) {
  const Tensor unit = std::get<0>(distance.min(1)).mean();
  return (distance + bias.to(distance.scalar_type()) * unit).argmin(1);
}

}  // namespace steer
