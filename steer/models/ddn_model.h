// A Discrete Distribution Network as a model: options, training, sampling, reconstruction.
#pragma once

#include "steer/core/option_fields.h"
#include "steer/ddn/node_balance.h"
#include "steer/ddn/points_network.h"
#include "steer/ddn/pyramid.h"
#include "steer/ddn/recurrent.h"
#include "steer/models/generator.h"

namespace steer {

// Which network, and how it is trained.
struct DdnOptions {
  std::string network = "pyramid";  // pyramid | recurrent | points
  ConditionOptions condition;
  MapKind maps;
  PyramidOptions pyramid;
  RecurrentOptions recurrent;
  PointsNetworkOptions points;
  double chain_dropout = 0.0;
  double own_prefixes = 0.0;
  double coarse = 0.0;
  std::string balance = "split";  // split | bias | none
  SplitOptions split;
  double bias_rate = 0.01;

  void fields(OptionFields& f) {
    f("network", network,
      "of images: pyramid (single shot) or recurrent (one U-Net, repeated); points (of points); follows the "
      "training "
      "data unless given");
    f("condition", condition, "what the network is told beside the code");
    f("maps", maps,
      "what the maps of a pyramid or recurrent network are, or the lists of one of points; follows the "
      "training data unless given");
    f("pyramid", pyramid, "shape of the pyramid");
    f("recurrent", recurrent, "shape of the recurrent network");
    f("points", points, "shape of the network of points");
    f("chain_dropout", chain_dropout,
      "chance that a random candidate goes on, for each sample and layer while training", from_below(0, 1));
    f("own_prefixes", own_prefixes,
      "chance that the first layers of a row, some number of them, are drawn at random while training, and "
      "that it "
      "goes on toward an image of the batch near to what they show",
      from_below(0, 1));
    f("coarse", coarse,
      "weight of how far means over 4x4 pixels are, beside how far pixels are, where training chooses",
      at_least(0));
    f("balance", balance,
      "how nodes are kept evenly used: split (split-and-prune), bias (a bias on the distance of each node, "
      "without pruning), none");
    f("split", split, "split-and-prune");
    f("bias_rate", bias_rate,
      "with balance=bias: how far a bias moves in a step, in units of the mean distance to the nearest node",
      at_least(0));
  }
};

// How much the network of such a model is, without building it. Error for options that it refuses.
Extent extent(const DdnOptions& options);

// The model of the family "ddn". Objectives guide it by choosing; ddn_plan.h has the settings of its plans.
class DdnModel : public Generator, public Codec {
 public:
  explicit DdnModel(const DdnOptions& options);

  std::string family() const override { return "ddn"; }
  torch::nn::Module& module() override { return *network_; }
  Space space() const override;
  Json options() const override;
  Needs needs() const override;
  LossReport loss(const Batch& batch, uint64_t seed) override;
  std::vector<Tensor> step_counts() override { return balance_.step_counts(); }
  Figures after_step(int64_t step, const Adam* adam, const Ema* ema) override {
    return balance_.after_step(step, adam, ema);
  }
  std::map<std::string, Tensor> training_state() override { return balance_.training_state(); }
  void load_training_state(const std::map<std::string, Tensor>& state) override {
    balance_.load_training_state(state);
  }
  using Generator::plan;
  std::unique_ptr<Plan> plan(const Objective* objective, const Json& settings) const override;
  std::vector<std::string> setting_names() const override;
  const Codec* codec() const override { return this; }
  Facts facts() const override;
  // The tree of all codes where they are few enough for a picture (one K of at most 24, at most 1,000 codes),
  // else samples.
  Tensor preview(int64_t samples, const State& examples) override;
  void set_compute_type(torch::ScalarType type) override { network_->set_compute_type(type); }
  void set_recompute(bool recompute) override { network_->set_recompute(recompute); }

  Encoded encode(const State& samples, int64_t beam = 1, const Told& told = {}) const override;
  Encoded continued(const Tensor& code, const Tensor& held, const State& samples,
                    const Told& told = {}) const override;
  State decode(const Tensor& code, const Told& told = {}) const override;
  std::vector<State> unfolded(const Tensor& code, const std::vector<int64_t>& layers = {},
                              const Told& told = {}) const override;
  std::vector<State> prefixes(int64_t levels, int64_t most, const Told& told = {}) const override;
  std::vector<int64_t> candidates() const override;
  std::vector<std::vector<int64_t>> places() const override;
  uint64_t fingerprint() const override;

  // The condition for what rows are told, on the model's device. Error when something that the model needs is
  // missing, or is given that it does not need.
  Condition condition(const Told& told) const;

  // The network, which choosers steer.
  Network& network() { return *network_; }
  const Network& network() const { return *network_; }
  torch::Device device() const;  // of its weights

 private:
  // Error unless it is [N, L].
  void check_code(const Tensor& code) const;
  Encoded chosen(const Chooser& chooser, const State& samples, const Told& told) const;

  DdnOptions options_;
  std::shared_ptr<Network> network_;
  NodeBalance balance_;
};

// Options in which the network that suits the data set's space stands where the JSON names none. Error,
// naming `path`, for a network of other samples.
Json fitted_ddn(const Json& options, const Dataset& data, const std::string& path);

// Stored options, completed with what a network meant before an option for it began: a start larger than 1x1
// had plain features, and no scale of a single layer was told its condition.
Json stored_ddn(const Json& options);

}  // namespace steer
