// One training step of an equivariant diffusion of molecules, or one evaluation, of which samples take many.
#include <torch/torch.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "bench/model_work.h"
#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/diffusion/loss.h"
#include "steer/models/diffusion_model.h"
#include "steer/nn/frozen.h"
#include "steer/train/learner.h"

namespace steer::bench {
namespace {

constexpr double kMoleculeSpread = 1.5;  // of positions, in Angstrom
constexpr double kMoleculeStir = 10;     // times the published start of the layers that move atoms
constexpr double kMoleculeCalm = 0.1;    // times that of the layers that add to features
constexpr double kMoleculeSigma = 0.4;   // of the answer x0

DiffusionOptions molecule_options(const Json& options) {
  DiffusionOptions all;
  read_options(all, options.at("model"), "diffusion");
  return all;
}

// Molecules of so many atoms [B, A, 3 + types]: normal positions around 0, one-hot types at random.
Tensor random_molecules(const Json& options, const EgnnOptions& egnn) {
  const auto atoms = options.at("atoms").get<std::vector<int64_t>>();
  const auto rows = static_cast<int64_t>(atoms.size()),
             types = static_cast<int64_t>(element_symbols(egnn.elements).size());
  torch::manual_seed(1);
  const Tensor positions = torch::randn({rows, egnn.atoms, 3}) * kMoleculeSpread;
  const Tensor type = torch::one_hot(torch::randint(0, types, {rows, egnn.atoms}, torch::kInt64), types);
  const Tensor there = torch::arange(egnn.atoms).unsqueeze(0) < torch::tensor(atoms).unsqueeze(1);
  return centred(torch::cat({positions, type.to(positions.scalar_type())}, 2), there);
}

class MoleculeTraining : public ModelWork {
 public:
  explicit MoleculeTraining(const Json& options)
      : ModelWork("diffusion", options),
        options_(molecule_options(options)),
        evaluates_(options.value("part", "step") == "evaluation") {
    TrainOptions train;
    train.ema_half_life_images = options.value("ema_half_life_images", 0.0);
    train.recompute = options.value("recompute", false);
    stir();
    learner_.emplace(model(), train);
    batch_.data.x = random_molecules(options, options_.egnn);
  }

  void run() override {
    if (!evaluates_) {
      learner_->step(batch_, ++step_, 1e-4);
      return;
    }
    const torch::NoGradGuard no_grad;
    const auto& diffusion = dynamic_cast<const DiffusionModel&>(model());
    const Frozen frozen(diffusion.freezer());
    diffusion.denoiser()(batch_.data.x, at::full({items()}, kMoleculeSigma, torch::kFloat64));
  }

  int64_t items() const override { return batch_.data.x.size(0); }

 private:
  // At the published start positions hardly move, which would hide a difference, and features grow tenfold in
  // each block where sums are not divided, which would magnify one of rounding.
  void stir() {
    const torch::NoGradGuard no_grad;
    for (const auto& [name, parameter] : model().trainable_parameters()) {
      if (name.find("coord_mlp.4.") != std::string::npos) parameter.mul_(kMoleculeStir);
      if (name.find("node_mlp.2.") != std::string::npos) parameter.mul_(kMoleculeCalm);
    }
  }

  void add_to(std::map<std::string, Tensor>& problem) override {
    constexpr uint64_t kSeed = 1;
    const auto& diffusion = dynamic_cast<const DiffusionModel&>(model());
    const Tensor x = batch_.data.x, places = filled_places(x);
    const int64_t rows = x.size(0);
    // The noise and the levels that the loss draws of this seed.
    const Tensor seeds = sample_seeds(derive_seed(kSeed, 1), rows);
    const Tensor noise = centred(normal_rows(seeds, 1, x.sizes().slice(1)), places);
    problem["input.x"] = x;
    problem["input.noise"] = noise;
    problem["input.sigma"] =
        draw_sigmas(options_.noise, Process(options_.process), rows, derive_seed(kSeed, 3));
    const LossReport report = model().loss(batch_, kSeed);
    report.loss.backward();
    problem["answer.loss"] = report.loss.detach();
    // Each gradient is an answer of its own, since those of the layers that move atoms are far the largest.
    for (auto [name, parameter] : model().trainable_parameters()) {
      std::replace(name.begin(), name.end(), '.', '/');
      problem["answer." + name] = parameter.grad();
    }
    const torch::NoGradGuard no_grad;
    const Tensor noisy = x + kMoleculeSigma * diffusion.noise_within(noise, places);
    problem["input.noisy"] = noisy;
    problem["answer.x0"] = denoised(diffusion.denoiser(), noisy, kMoleculeSigma);
  }

  DiffusionOptions options_;
  bool evaluates_;  // in place of steps
  std::optional<Learner> learner_;
  Batch batch_;
  uint64_t step_ = 0;
};

}  // namespace

std::unique_ptr<Work> make_molecule_training(const Json& options) {
  return std::make_unique<MoleculeTraining>(options);
}

}  // namespace steer::bench
