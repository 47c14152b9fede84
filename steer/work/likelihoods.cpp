#include "steer/work/likelihoods.h"

#include <algorithm>
#include <cmath>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/nn/frozen.h"

namespace steer {
namespace {

Json likelihood_figures(const Likelihoods& found, const LikelihoodsOptions& options) {
  const int64_t count = found.bits.size(0);
  Json each = Json::array();
  for (int64_t i = 0; i < count; ++i) each.push_back(found.bits[i].item<double>());
  Json figures = {{"images", count},
                  {"bits_per_dimension", found.bits.mean().item<double>()},
                  {"nats", found.nats.mean().item<double>()},
                  {"evaluations", found.evaluations.mean().item<double>()},
                  {"most_evaluations", found.evaluations.max().item<double>()},
                  {"divergence", options.flow.divergence},
                  {"each", each}};
  if (count > 1) figures["standard_error"] = found.standard_error;
  return figures;
}

}  // namespace

Computing for_likelihoods(Computing computing) {
  if (computing.precision == "auto") computing.precision = "float32";
  return computing;
}

Likelihoods likelihoods(const LoadedModel& loaded, const State& samples, const Told& told,
                        const LikelihoodsOptions& options, torch::Device device, const WorkWatch& watch) {
  const DiffusionModel& model = as_diffusion(loaded, "likelihood");
  const Space space = model.space();
  STEER_CHECK(space.limit == 1, "[likelihood] expected samples in [-1, 1], of 256 levels, but got ",
              text_of(space));
  const int64_t count = samples.size();
  STEER_CHECK(count > 0 && options.batch > 0,
              "[likelihood] expected at least one sample and batches of one but got ", count, " and ",
              options.batch);
  const Frozen frozen(model.freezer());
  std::vector<Tensor> nats, evaluations;
  for (int64_t at = 0; at < count; at += options.batch) {
    const int64_t rows = std::min(options.batch, count - at);
    const Tensor seeds = sample_seeds(options.seed + static_cast<uint64_t>(at), rows);
    const Tensor x = dequantised(to_bytes(samples.x.narrow(0, at, rows)), seeds).to(device);
    const Tensor label = told.narrow(at, rows).to(device).label;
    const DenoiserOf denoiser_of = [&](const Tensor& some) {
      return model.denoiser(label.defined() && some.defined() ? label.index_select(0, some.to(device))
                                                              : label);
    };
    const Likelihood found = likelihood(denoiser_of, model.process(), x, seeds.to(device), options.flow);
    nats.push_back(found.nats.cpu());
    evaluations.push_back(found.evaluations.cpu().to(torch::kFloat64));
    const double share = static_cast<double>(at + rows) / static_cast<double>(count);
    STEER_CHECK(tell(watch, {"likelihood", share, "", nullptr}) || share == 1, "[likelihood] interrupted");
  }
  Likelihoods all;
  all.nats = at::cat(nats);
  all.bits = bits_per_dimension(all.nats, values_of(space));
  all.evaluations = at::cat(evaluations);
  all.standard_error =
      count > 1 ? all.bits.std().item<double>() / std::sqrt(static_cast<double>(count)) : NAN;
  all.figures = likelihood_figures(all, options);
  return all;
}

}  // namespace steer
