#include "steer/metrics/perceptual.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/objectives/pieces.h"

namespace steer {

Tensor unit_rows(const Tensor& features) {
  STEER_CHECK(features.dim() == 2 && features.size(0) > 0,
              "[unit_rows] expected features [N, D], N > 0, but got ", shape_text(features.sizes()));
  const Tensor wide = features.cpu().to(torch::kFloat64);
  return wide / wide.square().sum({1}, true).sqrt().clamp_min(1e-12);
}

Tensor perceptual_distances(const Tensor& a, const Tensor& b) {
  STEER_CHECK(a.sizes() == b.sizes(),
              "[perceptual] expected features of as many images and one width but got ",
              shape_text(a.sizes()), " and ", shape_text(b.sizes()));
  return (unit_rows(a) - unit_rows(b)).square().sum({1});
}

double perceptual_distance(const SavedNetwork& network, const Tensor& a, const Tensor& b) {
  STEER_CHECK(a.size(0) == b.size(0), "[perceptual] expected pairs of images but got ", a.size(0), " and ",
              b.size(0));
  torch::NoGradGuard no_grad;
  return perceptual_distances(in_pieces(a, network), in_pieces(b, network)).mean().item<double>();
}

}  // namespace steer
