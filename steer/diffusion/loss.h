// Training of a denoiser: which noise levels are drawn, how much each counts, and the loss itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "steer/core/named.h"
#include "steer/core/option_fields.h"
#include "steer/diffusion/denoiser.h"

namespace steer {

// From which distribution sigmas are drawn.
struct NoiseDrawOptions {
  std::string type = "auto";
  double mean = -1.2;
  double std = 1.2;
  bool stratified = false;

  void fields(OptionFields& f) {
    f("type", type,
      "log_normal, uniform_t, logit_normal, log_uniform or table; auto: log_normal for edm, table for ddpm "
      "and "
      "cosine, else uniform_t");
    f("mean", mean, "log_normal, logit_normal: mean of ln sigma = logit of the flow's time",
      from_to(-100, 100));
    f("std", std, "log_normal, logit_normal: its standard deviation", more_than(0));
    f("stratified", stratified, "one draw from each of equal shares of the distribution");
  }
};

// Sigmas of a batch: float64 [count], a function of the seed. log_normal: ln sigma normal (Karras et al.
// 2022). logit_normal: the flow's time t = sigma / (1 + sigma) with a normal logit (Esser et al. 2024), the
// same distribution by another name. uniform_t: the process's own time, uniform over its training range.
// log_uniform: ln sigma uniform over that range. table: an entry of the process's table. Stratified: sigma i
// is the u_i-quantile, u_i = (i + U_i) / count. Error for an unknown type, a std that is not positive, and
// table without a table.
Tensor draw_sigmas(const NoiseDrawOptions& options, const Process& process, int64_t count, uint64_t seed);

// The words that loss_weight knows.
const std::vector<std::string>& weight_names();
// The same with what each means.
const std::vector<Named>& loss_weights();

// How much a sigma counts, as a factor of the squared error of F: unit 1; snr sd^2 / (sigma^2 + sd^2);
// soft_min_snr (sigma sd)^2 / (sigma^2 + sd^2)^2; x0 out^2, which leaves the squared error of D. In D-space
// these are divided by out^2: unit is then 1 / sigma^2 for eps and score, (sigma^2 + sd^2) / (sigma sd)^2 for
// edm and ((1 + sigma) / sigma)^2 for velocity.
Tensor loss_weight(const std::string& name, Prediction prediction, const Process& process,
                   const Tensor& sigma);

// weight x mean over the numbers of a sample of (F(in (x + sigma n); label) - target)^2 with the target that
// makes D = x: [B], differentiable in the network. x and noise [B, ...] of one type, sigma [B]. The target is
// written so that nothing cancels at low sigma: ((1 - skip) x - skip sigma n) / out.
Tensor denoising_loss(const NoisePredictor& network, Prediction prediction, const Process& process,
                      const Tensor& x, const Tensor& sigma, const Tensor& noise,
                      const std::string& weight = "unit");

}  // namespace steer
