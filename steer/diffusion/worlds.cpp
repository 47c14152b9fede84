#include "steer/diffusion/worlds.h"

namespace steer {

Denoiser exact_denoiser(const Mixture& m) {
  return [m](const Tensor& x, const Tensor& sigma) {
    const Tensor state = x.to(torch::kFloat64);
    const Tensor square = sigma.to(torch::kFloat64).square().unsqueeze(1);
    const Tensor own = m.stds.square().unsqueeze(0), variance = own + square;
    const Tensor share = responsibilities(m, state, sigma);
    // sum_k r_k (s_k^2 x + sigma^2 mu_k) / (s_k^2 + sigma^2)
    const Tensor kept = (share * own / variance).sum(1, true);
    const Tensor pull = share * square / variance;
    return (kept * state + pull.matmul(m.means)).to(x.scalar_type());
  };
}

}  // namespace steer
