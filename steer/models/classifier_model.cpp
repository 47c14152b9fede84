#include "steer/models/classifier_model.h"

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"

namespace steer {

ClassifierModel::ClassifierModel(const ClassifierModelOptions& options)
    : options_(options), network_(options.network) {
  check(options.augment);
  STEER_CHECK(options.smoothing >= 0 && options.smoothing < 1,
              "[options] classifier.smoothing: expected a share in [0, 1) but got ", options.smoothing);
}

ImageShape ClassifierModel::shape() const {
  return {options_.network.channels, options_.network.size, options_.network.size};
}

Json ClassifierModel::options() const {
  return options_json(options_);
}

LossReport ClassifierModel::loss(const Batch& batch, uint64_t seed) {
  const int64_t least = batch.label.min().item<int64_t>(), most = batch.label.max().item<int64_t>();
  STEER_CHECK(least >= 0 && most < classes(), "[classifier] expected a label from 0 to ", classes() - 1,
              " for every image but got ",
              least < 0 ? "an image without one" : "label " + std::to_string(most));
  const Tensor label = batch.label.to(batch.x.device());
  const Tensor seeds = sample_seeds(derive_seed(seed, 1), batch.x.size(0), batch.x.device());
  const Forwarding how{derive_seed(seed, 2), {}};
  const Tensor logits = network_->forward(augmented(batch.x, seeds, options_.augment), how);
  const Tensor loss =
      at::cross_entropy_loss(logits, label, {}, at::Reduction::Mean, -100, options_.smoothing);
  const Tensor right = logits.detach().argmax(1).eq(label).to(torch::kFloat32).mean();
  return {loss, {{"loss", loss.detach()}, {"accuracy", right}}};
}

Samples ClassifierModel::sample(const SampleRequest&) {
  fail("[sample] a classifier judges images and makes none: expected a generator, such as a ddn");
}

Tensor ClassifierModel::logits(const Tensor& x) {
  torch::NoGradGuard no_grad;
  return network_->forward(x);
}

Json fitted_to(const Json& options, const Dataset& data, const std::string& path) {
  ClassifierModelOptions fitted;
  read_options(fitted, options, "classifier");
  const int64_t classes = static_cast<int64_t>(data.classes().size());
  STEER_CHECK(classes > 0, "[classifier] ", path,
              ": expected images with labels (folders by class, IDX, CIFAR-10) but these have none");
  ClassifierOptions& network = fitted.network;
  if (network.channels == 0) network.channels = data.shape()[0];
  if (network.classes == 0) network.classes = classes;
  STEER_CHECK(network.classes >= classes, "[classifier] ", path, ": expected labels below ", network.classes,
              ", as classifier.network.classes says, but the data have ", classes, " classes");
  return options_json(fitted);
}

}  // namespace steer
