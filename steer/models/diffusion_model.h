// Diffusion and flow models: a network of noise under any process and prediction.
#pragma once

#include "steer/core/option_fields.h"
#include "steer/diffusion/loss.h"
#include "steer/models/generator.h"
#include "steer/models/sampler.h"
#include "steer/nn/egnn.h"
#include "steer/nn/frozen.h"
#include "steer/nn/mlp.h"
#include "steer/nn/unet.h"

namespace steer {

// Network, process and training.
struct DiffusionOptions {
  std::string network = "unet";  // unet | mlp | egnn
  MapKind maps;
  UNetOptions unet;
  MlpOptions mlp;
  EgnnOptions egnn;
  ProcessOptions process;
  std::string prediction;
  NoiseDrawOptions noise;
  std::string weight = "unit";
  int64_t classes = 0;
  double label_dropout = 0.1;
  double flip = 0;
  SamplerOptions sampler;

  void fields(OptionFields& f) {
    f("network", network,
      "unet (images, mel, wave), mlp (points) or egnn (molecules); follows the training data unless given");
    f("maps", maps, "what the maps of a unet are; follows the training data unless given");
    f("unet", unet, "shape of the U-Net; its channels and size follow the training data unless given");
    f("mlp", mlp, "shape of the fully connected network");
    f("egnn", egnn, "shape of the equivariant network; its molecules follow the training data unless given");
    f("process", process, "how data become noise");
    f("prediction", prediction,
      "what the network gives: eps, x0, v, velocity, score or edm; empty = edm for edm, velocity for flow, "
      "else "
      "eps");
    f("noise", noise, "noise levels of training");
    f("weight", weight, "factor of the network's squared error: unit, snr, soft_min_snr or x0");
    f("classes", classes, "number of classes that the model is told; 0 = none", from_to(0, 1 << 20));
    f("label_dropout", label_dropout,
      "chance that a training image's class, or a molecule's numbers, are not told; above 0 allows "
      "sampler.scale and samples of no class",
      from_to(0, 1));
    f("flip", flip, "chance that a training image is mirrored", from_to(0, 1));
    f("sampler", sampler, "how samples are drawn unless a command says otherwise");
  }
};

// How much the network of such a model is, without building it. Error for options that it refuses.
Extent extent(const DiffusionOptions& options);

// The model of the family "diffusion".
class DiffusionModel : public Generator {
 public:
  // Error for unknown words and unfit shapes; num_class_embeds of the network follows from `classes`.
  explicit DiffusionModel(const DiffusionOptions& options);

  std::string family() const override { return "diffusion"; }
  torch::nn::Module& module() override { return *network_; }
  Space space() const override;
  Json options() const override;
  Needs needs() const override;
  // Finds the numbers that it is told among the data's. Error for data without one.
  void meet(const Dataset& data) override;
  LossReport loss(const Batch& batch, uint64_t seed) override;
  Figures after_step(int64_t, const Adam*, const Ema*) override { return {}; }
  using Generator::plan;
  // Unguided by the settings' sampler over the model's own; guided by its gradient (climb.h), by particles
  // (population.h), or by particles that climb, as diffusion_plan.h tells. Samples are clipped to the space's
  // limit, dopri5 computes in float32. Error, with the reason, for a solver or objective that the method
  // cannot use.
  std::unique_ptr<Plan> plan(const Objective* objective, const Json& settings) const override;
  Facts facts() const override;
  // From a network whose patches are smaller by a whole factor: for_patches() in nn/unet.h.
  Tensor begun_with(const std::string& name, const Tensor& given, const Model& from) const override;
  std::vector<std::string> setting_names() const override;
  void set_compute_type(torch::ScalarType type) override { network_->set_compute_type(type); }
  void set_recompute(bool recompute) override { network_->set_recompute(recompute); }

  const SamplerOptions& sampler() const { return options_.sampler; }  // its own
  const Process& process() const { return process_; }                 // how data become noise
  Prediction prediction() const { return prediction_; }               // what the network gives
  const DiffusionOptions& settings() const { return options_; }       // completed
  // Whether it can be told "no class": a model of classes, trained with label_dropout.
  bool knows_no_class() const { return options_.classes > 0 && options_.label_dropout > 0; }

  // Names of the numbers that it is told, which needs() has too.
  const std::vector<std::string>& told_names() const;

  // What its network is told of `rows` samples: labels int64 [rows], undefined without; or of a model that is
  // told numbers float [rows, names], not finite where one is not told. Error for labels that it does not
  // know.
  Tensor condition(const Told& told, int64_t rows) const;
  // The same of samples of which nothing is told.
  Tensor without_condition(const Tensor& told) const;

  // The network as a denoiser of rows of such a condition. A label equal to the number of classes says "no
  // class". Counts its evaluations in `calls` where given. Differentiable where gradients are enabled.
  Denoiser denoiser(const Tensor& label = {}, std::shared_ptr<int64_t> calls = nullptr,
                    const Forwarding& how = {}) const;

  // The denoiser a sampler sees: that of the condition, or with scale != 1 the classifier-free one. Error
  // when labels or numbers are missing, not wanted or out of range, or the model was never trained without a
  // class.
  Denoiser guided_denoiser(const Tensor& label, double scale, std::shared_ptr<int64_t> calls = nullptr,
                           const Forwarding& how = {}) const;

  // Which places of samples of these seeds (int64 [N]), told this condition, are filled, or of those that
  // they begin from: bool [N, places]; undefined where samples have no places. With `filled` above 0 that
  // many, the first ones. Error where there are fewer, or none.
  Tensor places(const Tensor& seeds, const State& from = {}, int64_t filled = 0,
                const Tensor& told = {}) const;

  // Standard normal numbers [N, sizes...] as noise of samples that have these places, in the samples' units.
  Tensor noise_within(const Tensor& standard, const Tensor& places) const;
  Noise noise_within(const Noise& standard, const Tensor& places) const;

  // The grid of a sampler for this model.
  Tensor levels(const SamplerOptions& sampler) const;

  torch::Device device() const;                                              // of its weights
  const std::shared_ptr<NoiseNetwork>& network() const { return network_; }  // as it stands
  // What every draw holds, and whoever else calls a denoiser while others may draw (nn/frozen.h).
  Freezer& freezer() const { return freezer_; }

 private:
  // The network, after all other options were found to be good: it may take much memory.
  std::shared_ptr<NoiseNetwork> checked_network() const;
  // The condition of rows of training, some of them without.
  Tensor told_in_training(const Told& told, const Tensor& seeds) const;
  // Error for a condition that is missing, not wanted or out of range.
  void check_told(const Tensor& told) const;

  DiffusionOptions options_;
  Process process_;
  Prediction prediction_;
  Tensor column_;  // of each of told_names() in Told::value, int64; undefined before it met data
  std::shared_ptr<NoiseNetwork> network_;
  mutable Freezer freezer_;
};

// Options in which the network that suits the data set's space, with its channels and size, stands where the
// JSON names none. Error where `classes` asks for labels that the data do not have.
Json fitted_diffusion(const Json& options, const Dataset& data, const std::string& path);

}  // namespace steer
