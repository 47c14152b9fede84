#include "steer/train/reflow.h"

#include "steer/core/check.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/diffusion/reflow.h"
#include "steer/nn/initial_values.h"
#include "steer/nn/module_tensors.h"

namespace steer {
namespace {

class ReflowModel : public DiffusionModel {
 public:
  ReflowModel(const DiffusionOptions& options, std::shared_ptr<const PairsDataset> pairs, bool distil)
      : DiffusionModel(options), pairs_(std::move(pairs)), distil_(distil) {}

  LossReport loss(const Batch& batch, uint64_t seed) override {
    const Forwarding how{seed_of_share(batch.share, derive_seed(seed, 2)), {}};
    const Pairs pairs{pairs_->noise(batch).to(device(), torch::kFloat32), batch.data.x.to(device())};
    Tensor label;
    if (settings().classes > 0) label = batch.told.label.to(device());
    const NoisePredictor velocity = [&](const Tensor& x, const Tensor& noise_label) {
      return network()->forward(x, noise_label, label, how);
    };
    const auto sigma = [&] {
      const int64_t all = batch.data.x.size(0) * batch.share.of;
      return own_rows(batch.share, draw_sigmas(settings().noise, process(), all, derive_seed(seed, 3)));
    };
    const Tensor each = distil_ ? distillation_loss(velocity, prediction(), process(), pairs)
                                : velocity_loss_of_pairs(velocity, process(), pairs, sigma().to(device()));
    const Tensor loss = each.mean().to(torch::kFloat32);
    return {loss, {{"loss", loss.detach()}}};
  }

 private:
  std::shared_ptr<const PairsDataset> pairs_;
  bool distil_;
};

}  // namespace

PairsDataset::PairsDataset(Space space, Tensor x, Tensor labels, uint64_t first_seed)
    : space_(std::move(space)), x_(std::move(x)), labels_(std::move(labels)), first_seed_(first_seed) {
  STEER_CHECK(x_.dim() > 0 && x_.size(0) > 0 && x_.sizes().slice(1) == at::IntArrayRef(space_.sizes),
              "[pairs] expected samples ", text_of(space_), " but got ", shape_text(x_.sizes()));
}

Batch PairsDataset::batch(const std::vector<int64_t>& indices) const {
  const Tensor index = torch::tensor(indices, torch::kInt64);
  STEER_CHECK(((index >= 0) & (index < size())).all().item<bool>(), "[pairs] expected indices in [0, ",
              size(), ")");
  const Tensor label = labels_.defined() ? labels_.index_select(0, index) : at::full_like(index, -1);
  return {x_.index_select(0, index), {label, {}}, index};
}

Tensor PairsDataset::noise(const Batch& batch) const {
  const Tensor seeds = batch.index.to(torch::kCPU) + static_cast<int64_t>(first_seed_);
  return starting_noise(seeds, x_.sizes().slice(1), 1);
}

void PairsDataset::write(const std::string& path) const {
  Checkpoint file;
  file.tensors["images"] = x_;
  if (labels_.defined()) file.tensors["labels"] = labels_;
  file.metadata = {{"format", "steer-pairs"}, {"first_seed", std::to_string(first_seed_)}};
  write_checkpoint(path, file);
}

std::unique_ptr<PairsDataset> PairsDataset::read(const std::string& path, const Space& space) {
  const Checkpoint file = read_checkpoint(path);
  const auto format = file.metadata.find("format"), seed = file.metadata.find("first_seed");
  const auto images = file.tensors.find("images"), labels = file.tensors.find("labels");
  STEER_CHECK(format != file.metadata.end() && format->second == "steer-pairs" &&
                  seed != file.metadata.end() && images != file.tensors.end(),
              "[pairs] ", path, ": expected pairs of noise and images but it holds something else");
  return std::make_unique<PairsDataset>(space, images->second,
                                        labels == file.tensors.end() ? Tensor() : labels->second,
                                        std::stoull(seed->second));
}

std::unique_ptr<PairsDataset> draw_pairs(const DiffusionModel& model, const SamplerOptions& sampler,
                                         int64_t count, int64_t batch, uint64_t first_seed,
                                         const std::function<bool(double)>& watch) {
  torch::NoGradGuard no_grad;
  const Frozen frozen(model.freezer());
  const Tensor levels = model.levels(sampler);
  std::vector<Tensor> images, labels;
  for (int64_t at = 0; at < count; at += batch) {
    const int64_t rows = std::min(batch, count - at);
    const Tensor seeds = sample_seeds(first_seed + static_cast<uint64_t>(at), rows, model.device());
    Tensor label;
    if (model.needs().classes > 0) {
      label = (at::arange(rows, torch::kInt64) + at).remainder(model.needs().classes);
      labels.push_back(label);
    }
    const Pairs pairs = reflow_pairs(model.guided_denoiser(label, sampler.scale), seeds, model.space().sizes,
                                     levels, sampler.solver);
    images.push_back(pairs.data.to(torch::kCPU, torch::kFloat32));
    const bool goes_on = !watch || watch(static_cast<double>(at + rows) / static_cast<double>(count));
    if (!goes_on && at + rows < count) return nullptr;
  }
  return std::make_unique<PairsDataset>(model.space(), at::cat(images),
                                        labels.empty() ? Tensor() : at::cat(labels), first_seed);
}

std::unique_ptr<Model> reflowed(DiffusionModel& model, std::shared_ptr<const PairsDataset> pairs,
                                bool distil) {
  STEER_CHECK(model.prediction() == Prediction::kVelocity,
              "[reflow] expected a flow, a model that predicts velocity, but it predicts ",
              name(model.prediction()));
  DiffusionOptions options = model.settings();
  if (distil) {
    options.sampler.solver = {};
    options.sampler.solver.name = "euler";
    options.sampler.levels = {};
    options.sampler.levels.type = "flow";
    options.sampler.levels.steps = 1;
  }
  const InitialValues values(0);  // all are the model's own
  auto copy = std::make_unique<ReflowModel>(options, std::move(pairs), distil);
  load_tensors(copy->module(), module_tensors(model.module()), "[reflow]");
  copy->module().to(model.device());
  return copy;
}

}  // namespace steer
