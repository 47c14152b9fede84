// A classifier of texts as a model: it judges samples, noised ones too, and makes none.
#pragma once

#include "steer/discrete/token_process.h"
#include "steer/models/judge.h"
#include "steer/models/model.h"
#include "steer/models/text_network.h"
#include "steer/nn/token_classifier.h"

namespace steer {

// Shape and training of the network.
struct TextClassifierOptions {
  TokenClassifierOptions network;
  TextSide text;
  TokenProcessOptions process;
  double clean = 0.2;
  double smoothing = 0.0;

  void fields(OptionFields& f) {
    f("network", network, "shape of the network");
    f("text", text, "tokens and length; they follow the training data unless given");
    f("process", process, "how training texts are noised: as those of the models that it is to guide");
    f("clean", clean, "share of training texts without noise", from_to(0, 1));
    f("smoothing", smoothing, "share of the wanted probability that is spread over all classes",
      from_below(0, 1));
  }
};

// How much the network of such a model is, without building it. Error for options that it refuses.
Extent extent(const TextClassifierOptions& options);

// The model of the family "text_classifier".
class TextClassifierModel : public Model, public Judge {
 public:
  explicit TextClassifierModel(const TextClassifierOptions& options);

  std::string family() const override { return "text_classifier"; }
  torch::nn::Module& module() override { return *network_; }
  Space space() const override { return space_; }
  Json options() const override;
  // Cross-entropy of texts noised to times that are spread evenly, or not at all. Figures: loss, and accuracy
  // on these. Error for labels outside the classes.
  LossReport loss(const Batch& batch, uint64_t seed) override;
  Figures after_step(int64_t, const Adam*, const Ema*) override { return {}; }
  NamedTensors hidden_matrices() override { return steer::hidden_matrices(network_->trunk); }
  void set_compute_type(torch::ScalarType type) override { network_->trunk->set_compute_type(type); }

  Facts facts() const override;
  const Judge* judge() const override { return this; }
  int64_t classes() const override { return options_.network.classes; }
  Tensor logits(const State& samples) const override;

 private:
  TextClassifierOptions options_;  // completed
  Space space_;
  TokenProcess process_;
  TokenClassifier network_;
};

// Options of such a model with what a data set decides: alphabet, length, classes. Error where the data have
// no labels or more classes than the options say.
Json fitted_text_classifier(const Json& options, const Dataset& data, const std::string& path);

}  // namespace steer
