#include "steer/work/code_evaluation.h"

#include "steer/metrics/reconstruction.h"

namespace steer {
namespace {

Json code_figures(const CodeEvaluation& found) {
  Json layers = Json::array();
  for (const LayerEvaluation& layer : found.layers)
    layers.push_back({{"size", layer.places.empty() ? 1 : layer.places.front()},
                      {"candidates", layer.candidates},
                      {"mse", layer.mse},
                      {"used", layer.used},
                      {"bits", layer.bits}});
  return {{"mse", found.mse},
          {"psnr", psnr(found.mse)},
          {"nodes_used", found.nodes_used},
          {"latent_bits", found.latent_bits},
          {"first_order_bits", found.first_order_bits},
          {"distinct_codes", found.distinct_codes},
          {"layers", layers}};
}

}  // namespace

CodeEvaluation evaluate_codes(const Codec& codec, const Encoded& encoded) {
  const Tensor error = encoded.error.mean(0);
  const std::vector<int64_t> candidates = codec.candidates();
  const auto places = codec.places();
  CodeEvaluation found;
  int64_t used = 0, nodes = 0;
  for (size_t l = 0; l < candidates.size(); ++l) {
    const auto layer = static_cast<int64_t>(l);
    const NodeUsage usage = node_usage(encoded.code.select(1, layer), candidates[l]);
    found.layers.push_back(
        {places[l], candidates[l], error[layer].item<double>(), usage.used, usage.entropy_bits});
    used += usage.used, nodes += candidates[l], found.first_order_bits += usage.entropy_bits;
  }
  found.samples = encoded.code.size(0);
  found.mse = found.layers.back().mse;
  found.nodes_used = static_cast<double>(used) / static_cast<double>(nodes);
  found.latent_bits = codec.bits();
  found.distinct_codes = std::get<0>(at::unique_dim(encoded.code, 0)).size(0);
  found.figures = code_figures(found);
  return found;
}

}  // namespace steer
