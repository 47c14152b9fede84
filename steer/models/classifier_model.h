// A classifier of images as a model: it judges samples and makes none.
#pragma once

#include "steer/core/option_fields.h"
#include "steer/models/augmentation.h"
#include "steer/models/judge.h"
#include "steer/models/model.h"
#include "steer/nn/classifier.h"

namespace steer {

// Shape and training of the network.
struct ClassifierModelOptions {
  MapKind maps;
  ClassifierOptions network;
  AugmentOptions augment;
  double smoothing = 0.0;

  void fields(OptionFields& f) {
    f("maps", maps, "what it sees; follows the training data unless given");
    f("network", network, "shape of the network");
    f("augment", augment, "how training images are changed");
    f("smoothing", smoothing, "share of the wanted probability that is spread over all classes",
      from_below(0, 1));
  }
};

// How much the network of such a model is, without building it. Error for options that it refuses.
Extent extent(const ClassifierModelOptions& options);

// The model of the family "classifier".
class ClassifierModel : public Model, public Judge {
 public:
  explicit ClassifierModel(const ClassifierModelOptions& options);

  std::string family() const override { return "classifier"; }
  torch::nn::Module& module() override { return *network_; }
  Space space() const override;
  Json options() const override;
  // Cross-entropy over augmented images. Figures: loss, and accuracy on the augmented images. Error for
  // labels outside the classes.
  LossReport loss(const Batch& batch, uint64_t seed) override;
  Figures after_step(int64_t, const Adam*, const Ema*) override { return {}; }
  void set_compute_type(torch::ScalarType type) override { network_->compute_type = type; }

  Facts facts() const override;
  const Judge* judge() const override { return this; }
  int64_t classes() const override { return options_.network.classes; }
  Tensor logits(const State& samples) const override;

 private:
  ClassifierModelOptions options_;
  Classifier network_;
};

// Options of a classifier with what a data set decides in place of zeros: channels and classes. Error where
// the data have no labels or more classes than the options say.
Json fitted_to(const Json& options, const Dataset& data, const std::string& path);

}  // namespace steer
