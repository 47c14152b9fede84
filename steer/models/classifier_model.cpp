#include "steer/models/classifier_model.h"

#include "steer/core/check.h"
#include "steer/core/json.h"
#include "steer/core/options.h"
#include "steer/core/random.h"
#include "steer/models/facts.h"

namespace steer {

Extent extent(const ClassifierModelOptions& options) {
  return extent(options.network);
}

ClassifierModel::ClassifierModel(const ClassifierModelOptions& options)
    : options_(checked_options(options, "classifier")), network_(options.network) {
  check(options.augment);
  STEER_CHECK(options.smoothing >= 0 && options.smoothing < 1,
              "[options] classifier.smoothing: expected a share in [0, 1) but got ", options.smoothing);
}

Space ClassifierModel::space() const {
  return maps_space(options_.maps, options_.network.channels, options_.network.size, options_.network.size);
}

Json ClassifierModel::options() const {
  return options_json(options_);
}

LossReport ClassifierModel::loss(const Batch& batch, uint64_t seed) {
  const int64_t least = batch.told.label.min().item<int64_t>(), most = batch.told.label.max().item<int64_t>();
  STEER_CHECK(least >= 0 && most < classes(), "[classifier] expected a label from 0 to ", classes() - 1,
              " for every image but got ",
              least < 0 ? "an image without one" : "label " + std::to_string(most));
  const Tensor label = batch.told.label.to(batch.data.x.device());
  const Tensor seeds =
      row_seeds(batch.share, derive_seed(seed, 1), batch.data.x.size(0), batch.data.x.device());
  const Forwarding how{seed_of_share(batch.share, derive_seed(seed, 2)), {}};
  const Tensor logits = network_->forward(augmented(batch.data.x, seeds, options_.augment), how);
  const Tensor loss =
      at::cross_entropy_loss(logits, label, {}, at::Reduction::Mean, -100, options_.smoothing);
  const Tensor right = logits.detach().argmax(1).eq(label).to(torch::kFloat32).mean();
  return {loss, {{"loss", loss.detach()}, {"accuracy", right}}};
}

Facts ClassifierModel::facts() const {
  return {{{"classes", classes()}}, std::to_string(classes()) + " classes", ""};
}

Tensor ClassifierModel::logits(const State& samples) const {
  torch::NoGradGuard no_grad;
  return network_->forward(samples.x.to(network_->last->weight.device()));
}

Json fitted_to(const Json& options, const Dataset& data, const std::string& path) {
  ClassifierModelOptions fitted;
  read_options(fitted, options, "classifier");
  STEER_CHECK(data.space().sizes.size() == 3, "[classifier] ", path,
              ": expected images, or other maps, but got samples ", text_of(data.space()));
  const bool square = data.space().sizes[1] == data.space().sizes[2];
  STEER_CHECK(square || data.space().kind == MapKind().kind, "[classifier] ", path,
              ": expected maps as high as they are wide but got samples ", text_of(data.space()));
  const int64_t classes = static_cast<int64_t>(data.classes().size());
  STEER_CHECK(classes > 0, "[classifier] ", path,
              ": expected images with labels (folders by class, IDX, CIFAR-10) but these have none");
  if (!options.contains("maps")) fitted.maps = map_kind(data.space());
  ClassifierOptions& network = fitted.network;
  // Sizes of images are brought to the network's; others are as they are.
  const bool sized = options.contains("network") && options["network"].contains("size");
  if (fitted.maps.kind != MapKind().kind && !sized) network.size = data.space().sizes[1];
  if (network.channels == 0) network.channels = data.space().sizes[0];
  if (network.classes == 0) network.classes = classes;
  STEER_CHECK(network.classes >= classes, "[classifier] ", path, ": expected labels below ", network.classes,
              ", as classifier.network.classes says, but the data have ", classes, " classes");
  return options_json(fitted);
}

}  // namespace steer
