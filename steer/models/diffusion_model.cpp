#include "steer/models/diffusion_model.h"

#include <algorithm>
#include <optional>

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/guidance/proposal.h"

namespace steer {
namespace {

DiffusionOptions completed(DiffusionOptions o) {
  STEER_CHECK(o.classes >= 0 && o.classes < 100000,
              "[options] diffusion.classes: expected 0 to 99999 but got ", o.classes);
  STEER_CHECK(o.label_dropout >= 0 && o.label_dropout < 1,
              "[options] diffusion.label_dropout: expected a chance in [0, 1) but got ", o.label_dropout);
  STEER_CHECK(o.flip >= 0 && o.flip <= 1, "[options] diffusion.flip: expected a chance in [0, 1] but got ",
              o.flip);
  const auto& weights = weight_names();
  STEER_CHECK(std::find(weights.begin(), weights.end(), o.weight) != weights.end(),
              "[options] diffusion.weight: expected unit, snr, soft_min_snr or x0 but got \"", o.weight,
              "\"");
  STEER_CHECK(o.unet.in_channels == o.unet.out_channels,
              "[options] diffusion.unet: expected as many channels to leave as enter but got ",
              o.unet.in_channels, " and ", o.unet.out_channels);
  if (o.prediction.empty())
    o.prediction = o.process.type == "edm" ? "edm" : o.process.type == "flow" ? "velocity" : "eps";
  o.unet.num_class_embeds = o.classes > 0 ? o.classes + (o.label_dropout > 0 ? 1 : 0) : 0;
  return o;
}

// Seeds of draws that have nothing to do with those of the seeds given.
Tensor unrelated_seeds(const Tensor& seeds) {
  constexpr int64_t kFar = 0x3b9f6d2c5a1e;
  return seeds + kFar;
}

Tensor mirrored(const Tensor& x, double chance, const Tensor& seeds) {
  if (chance <= 0) return x;
  return at::where(uniform_rows(seeds, 3, {1, 1, 1}) < chance, x.flip(3), x);
}

}  // namespace

DiffusionModel::DiffusionModel(const DiffusionOptions& options)
    : options_(completed(options)),
      process_(options_.process),
      prediction_(make_prediction(options_.prediction)),
      network_(options_.unet) {
  draw_sigmas(options_.noise, process_, 1, 0);  // refuses draws that the process does not have
  levels(options_.sampler);
}

ImageShape DiffusionModel::shape() const {
  return {options_.unet.in_channels, options_.unet.sample_size, options_.unet.sample_size};
}

Json DiffusionModel::options() const {
  return options_json(options_);
}

torch::Device DiffusionModel::device() const {
  return network_->conv_in->weight.device();
}

LossReport DiffusionModel::loss(const Batch& batch, uint64_t seed) {
  const torch::Device here = device();
  const int64_t rows = batch.x.size(0);
  const Tensor seeds = sample_seeds(derive_seed(seed, 1), rows, here);
  const Tensor x = mirrored(batch.x.to(here), options_.flip, seeds);
  Tensor label;
  if (options_.classes > 0)
    label = with_class_dropout(batch.label.to(here), options_.label_dropout, options_.classes, seeds);
  const Tensor sigma = draw_sigmas(options_.noise, process_, rows, derive_seed(seed, 3)).to(here);
  const Tensor noise = normal_rows(seeds, 1, x.sizes().slice(1));
  const Forwarding how{derive_seed(seed, 2), {}};
  const NoisePredictor network = [&](const Tensor& input, const Tensor& noise_label) {
    return network_->forward(input, noise_label, label, how);
  };
  const Tensor loss = denoising_loss(network, prediction_, process_, x, sigma, noise, options_.weight).mean();
  return {loss, {{"loss", loss.detach()}}};
}

Denoiser DiffusionModel::denoiser(const Tensor& label, std::shared_ptr<int64_t> calls,
                                  const Forwarding& how) const {
  const NoisePredictor network = [network = network_, label, how](const Tensor& x,
                                                                  const Tensor& noise_label) {
    return network->forward(x, noise_label, label, how);
  };
  const Denoiser plain = preconditioned(network, prediction_, process_);
  return calls ? counted(plain, calls) : plain;
}

Denoiser DiffusionModel::guided_denoiser(const Tensor& label, double scale, std::shared_ptr<int64_t> calls,
                                         const Forwarding& how) const {
  STEER_CHECK(label.defined() == (options_.classes > 0), "[sample] expected ",
              options_.classes > 0 ? "a label for each sample of a class-conditional model but got none"
                                   : "no labels for a model without classes but got some");
  if (!label.defined()) {
    STEER_CHECK(scale == 1, "[sample] scale: expected 1 for a model without classes but got ", scale);
    return denoiser({}, calls, how);
  }
  const int64_t most = knows_no_class() ? options_.classes : options_.classes - 1;
  STEER_CHECK(((label >= 0) & (label <= most)).all().item<bool>(), "[sample] expected labels in [0, ", most,
              "]");
  const Tensor told = label.to(device());
  if (scale == 1) return denoiser(told, calls, how);
  STEER_CHECK(knows_no_class(), "[sample] scale: expected 1 but got ", scale,
              "; this model was trained with diffusion.label_dropout=0 and knows no samples without a class");
  const Tensor none = at::full_like(told, options_.classes);
  return classifier_free(denoiser(told, calls, how), denoiser(none, calls, how), scale);
}

Tensor DiffusionModel::levels(const SamplerOptions& sampler) const {
  if (sampler.process.empty() || sampler.process == options_.process.type)
    return make_levels(sampler.levels, process_);
  ProcessOptions other;
  other.type = sampler.process;
  other.sigma_data = options_.process.sigma_data;
  return make_levels(sampler.levels, Process(other));
}

struct DiffusionModel::Walk {
  SamplerOptions sampler;
  Tensor grid;
  SolverObserver observer;
};

DiffusionModel::Walk DiffusionModel::walk_of(const SampleRequest& request) const {
  Walk walk;
  walk.sampler = request.sampler     ? *request.sampler
                 : request.objective ? suited_guided_sampler(options_.sampler)
                                     : options_.sampler;
  walk.grid = levels(walk.sampler);
  walk.observer = [progress = request.progress](const SolverStep& step) {
    if (progress) progress(static_cast<double>(step.index + 1) / static_cast<double>(step.steps));
    return true;
  };
  return walk;
}

Samples DiffusionModel::sample(const SampleRequest& request) {
  STEER_CHECK(!request.condition_image.defined(),
              "[condition] expected no condition image, because the model was trained without");
  torch::NoGradGuard no_grad;
  const Frozen frozen(freezer_);
  if (request.objective) return guided(request);
  const auto [sampler, grid, observer] = walk_of(request);
  const ImageShape s = shape();
  const Tensor seeds = request.seeds.to(device());
  const Tensor start = starting_noise(seeds, {s.channels, s.height, s.width}, grid[0].item<double>());
  const auto calls = std::make_shared<int64_t>(0);
  Forwarding how;
  // An adaptive solver would take the rounding of bfloat16 for its own error and never get ahead.
  if (sampler.solver.name == "dopri5") how.compute_type = torch::kFloat32;
  const DenoiserOf denoiser_of = [&, scale = sampler.scale](const Tensor& rows) {
    const Tensor label = request.label.defined() && rows.defined()
                             ? request.label.to(rows.device()).index_select(0, rows)
                             : request.label;
    return guided_denoiser(label, scale, calls, how);
  };
  const Solution solution = solve(denoiser_of, start, grid, sampler.solver, seeds, observer);
  return {solution.x.to(torch::kFloat32).clamp(-1, 1), {}, *calls};
}

Samples DiffusionModel::guided(const SampleRequest& request) {
  const auto [sampler, grid, observer] = walk_of(request);
  const Objective& objective = *request.objective;
  const GuidanceOptions guidance =
      request.guidance ? *request.guidance : guidance_preset(suited_method(objective));
  const SolverOptions& solver = sampler.solver;
  check_population(guidance.population, solver);
  const ImageShape s = shape();
  const std::vector<int64_t> image = {s.channels, s.height, s.width};

  Population population(objective, guidance.population, request.seeds.to(device()));
  const Tensor seeds = population.row_seeds();
  const Noise noise = seeded_noise(seeds, image);
  Step step = make_step(solver, noise, grid.size(0) - 1);
  std::optional<Smoothed> smoothed;
  if (objective.differentiable() || climbs(guidance.climb)) smoothed.emplace(objective, s.height, s.width);
  if (smoothed && smoothed->whole()) population.foresee(*smoothed);
  if (climbs(guidance.climb)) {
    check_together(guidance);
    STEER_CHECK(
        smoothed->whole() || guidance.population.method != "none", "[guide] ", objective.words(),
        ": a term without gradient guides by particles alone; add --particles 8 or leave the term out");
    step = climb(step, *smoothed, guidance.climb, solver, grid, seeded_noise(unrelated_seeds(seeds), image));
    if (guidance.population.method == "feynman_kac") {
      const Proposal proposal = guided_proposal(solver, noise, step);
      step = proposal.step;
      population.set_correction(proposal.log_ratio);
    }
  }
  const auto calls = std::make_shared<int64_t>(0);
  const Tensor label = request.label.defined() ? population.spread(request.label.to(device())) : Tensor();
  Denoiser denoiser = guided_denoiser(label, sampler.scale, calls);
  if (solver.clip_x0) denoiser = clipped(denoiser);
  const Tensor start = starting_noise(seeds, image, grid[0].item<double>());
  // What is judged is what is given back: images in [-1, 1].
  const Step ending = [step](const Denoiser& D, const Tensor& at, double sigma, double next) {
    const Tensor moved = step(D, at, sigma, next);
    return next == 0 ? moved.clamp(-1, 1) : moved;
  };
  const Tensor x = solve(denoiser, start, grid, population.wrap(ending), observer).x;
  const int64_t rows_each = population.rows() / request.seeds.size(0);
  return {x.index_select(0, population.winners()).to(torch::kFloat32), {}, *calls * rows_each};
}

Json fitted_to_images(const Json& options, const Dataset& data, const std::string& path) {
  Json fitted = options.is_object() ? options : Json::object();
  Json& unet = fitted["unet"];
  if (unet.is_null()) unet = Json::object();
  const auto shape = data.shape();
  if (!unet.contains("in_channels")) unet["in_channels"] = shape[0];
  if (!unet.contains("out_channels")) unet["out_channels"] = unet["in_channels"];
  if (!unet.contains("sample_size")) unet["sample_size"] = shape[1];
  DiffusionOptions all;
  read_options(all, fitted, "diffusion");
  if (!fitted.contains("sampler")) all.sampler = suited_sampler(all.process.type);
  const auto classes = static_cast<int64_t>(data.classes().size());
  STEER_CHECK(all.classes == 0 || (classes > 0 && classes <= all.classes), "[diffusion] ", path,
              ": expected images with labels below ", all.classes,
              ", as diffusion.classes says, but the data have ", classes, " classes");
  return options_json(all);
}

}  // namespace steer
