// Autoregressive models of text: each token is told those before it.
#pragma once

#include "steer/models/generator.h"
#include "steer/models/text_network.h"
#include "steer/models/text_scores.h"
#include "steer/nn/frozen.h"

namespace steer {

// How an autoregressive model is drawn from.
struct ArSettings {
  double temperature = 1;
  double nucleus = 1;
  int64_t length = 0;

  void fields(OptionFields& f) {
    f("temperature", temperature, "divides the logarithms of predictions; 0 = the likeliest token",
      at_least(0));
    f("nucleus", nucleus, "predictions are cut to the likeliest tokens of this share together; 1 = all",
      from_to(0, 1));
    f("length", length, "tokens of a sample; 0 = as trained", from_to(0, 1 << 20));
  }
};

// Network and tokens.
struct ArOptions {
  TransformerOptions transformer;
  TextSide text;
  int64_t start = -1;
  ArSettings sampler;

  void fields(OptionFields& f) {
    f("transformer", transformer, "shape of the network; its condition is not used");
    f("text", text, "tokens and length; they follow the training data unless given");
    f("start", start, "the token that stands before the first one; -1 = one of its own",
      from_to(-1, 1 << 30));
    f("sampler", sampler, "how samples are drawn unless a command says otherwise");
  }
};

// How much the network of such a model is, without building it. Error for options that it refuses.
Extent extent(const ArOptions& options);

// The model of the family "ar".
class ArModel : public Generator, public TextScores {
 public:
  explicit ArModel(const ArOptions& options);

  std::string family() const override { return "ar"; }
  torch::nn::Module& module() override { return *network_; }
  Space space() const override { return space_; }
  Json options() const override;
  Facts facts() const override;
  // Mean cross-entropy of a token, in nats.
  LossReport loss(const Batch& batch, uint64_t seed) override;
  Figures after_step(int64_t, const Adam*, const Ema*) override { return {}; }
  // The whole network as the one that reads, to a text_ddn.
  std::shared_ptr<Lent> lent_to(const std::string& family) const override;
  NamedTensors hidden_matrices() override { return steer::hidden_matrices(network_); }
  using Generator::plan;
  // Token after token, by what is kept of those before. An objective guides as token_guiding.h tells; tokens
  // that it knows are set where they stand, and what comes before foresees them only as far as rows compete.
  std::unique_ptr<Plan> plan(const Objective* objective, const Json& settings) const override;
  std::vector<std::string> setting_names() const override;
  void set_compute_type(torch::ScalarType type) override { network_->set_compute_type(type); }
  void set_recompute(bool recompute) override { network_->set_recompute(recompute); }

  bool exact() const override { return true; }
  Tensor nats(const State& texts, uint64_t seed) const override;

  const ArOptions& settings() const { return options_; }             // as given
  const Transformer& network() const { return network_; }            // as it stands
  Freezer& freezer() const { return freezer_; }                      // what every draw holds
  int64_t start() const;                                             // the token before the first one
  torch::Device device() const { return network_->table.device(); }  // of its weights

 private:
  // The tokens that the network is shown where these shall come out.
  Tensor shifted(const Tensor& token) const;

  ArOptions options_;
  Space space_;
  Transformer network_;
  mutable Freezer freezer_;
};

// All settings of its plans as a list.
const std::vector<Named>& ar_settings();

}  // namespace steer
