// A Discrete Distribution Network as a model: options, training, sampling, reconstruction.
#pragma once

#include "steer/codes/code_file.h"
#include "steer/core/option_fields.h"
#include "steer/ddn/pyramid.h"
#include "steer/ddn/recurrent.h"
#include "steer/ddn/split_prune.h"
#include "steer/models/model.h"

namespace steer {

// Which network, and how it is trained.
struct DdnOptions {
  std::string network = "pyramid";  // pyramid | recurrent
  ConditionOptions condition;
  PyramidOptions pyramid;
  RecurrentOptions recurrent;
  double chain_dropout = 0.0;
  std::string balance = "split";  // split | bias | none
  SplitOptions split;
  double bias_rate = 0.01;

  void fields(OptionFields& f) {
    f("network", network, "pyramid (single shot) or recurrent (one U-Net, repeated)");
    f("condition", condition, "what the network is told beside the code");
    f("pyramid", pyramid, "shape of the pyramid");
    f("recurrent", recurrent, "shape of the recurrent network");
    f("chain_dropout", chain_dropout,
      "chance that a random candidate goes on, for each sample and layer while training");
    f("balance", balance,
      "how nodes are kept evenly used: split (split-and-prune), bias (a bias on the distance of each node, "
      "without pruning), none");
    f("split", split, "split-and-prune");
    f("bias_rate", bias_rate,
      "with balance=bias: how far a bias moves in a step, in units of the mean distance to the nearest node");
  }
};

// What encoding images gives.
struct Reconstruction {
  Tensor images;  // [N, C, H, W]
  Tensor code;    // int64 [N, L]
  Tensor error;   // float64 [N, L]: mean squared error after each layer, at its own size, of the best beam
};

// The model of the family "ddn".
class DdnModel : public Model {
 public:
  explicit DdnModel(const DdnOptions& options);

  std::string family() const override { return "ddn"; }
  torch::nn::Module& module() override { return *network_; }
  ImageShape shape() const override;
  Json options() const override;
  Needs needs() const override;
  LossReport loss(const Batch& batch, uint64_t seed) override;
  Figures after_step(int64_t step, const Adam* adam, const Ema* ema) override;
  Samples sample(const SampleRequest& request) override;
  // The tree of all codes where they are few enough for a picture (one K of at most 24, at most 1,000 codes),
  // else samples.
  Tensor preview(int64_t images, const Tensor& examples) override;
  void set_compute_type(torch::ScalarType type) override { network_->set_compute_type(type); }
  void set_recompute(bool recompute) override { network_->set_recompute(recompute); }

  // Images x [N, C, H, W] encoded: at each layer the nearest candidate, or the nearest `beam` prefixes side
  // by side. A conditional model is told the images' labels int64 [N], or takes its condition from x itself.
  Reconstruction reconstruct(const Tensor& x, int64_t beam = 1, const Tensor& label = {}) const;
  // The images of codes int64 [N, L]; a conditional model is told what the encoder was told.
  Tensor decode(const Tensor& code, const Tensor& label = {}, const Tensor& condition_image = {}) const;

  // The condition for labels int64 [N] or images [N, C, H, W], on the model's device. Error when the one that
  // the model needs is missing, or one is given that it does not need.
  Condition condition(const Tensor& label, const Tensor& images) const;

  // Codes int64 [N, L] ready for a file.
  CodeFile code_file(const Tensor& code, Coder coder) const;
  // The codes int64 [N, L] in a file. Error, beginning with the file's name, when another model made them.
  Tensor code_in(const CodeFile& file, const std::string& name) const;

  // The network, which choosers steer.
  Network& network() { return *network_; }
  const Network& network() const { return *network_; }

 private:
  torch::Device device() const;
  // How a guided request chooses, and the rows that its forward starts with; what these are told is left in
  // `told`.
  struct Guided {
    Chooser chooser;
    int64_t rows;
  };
  Guided guided(const SampleRequest& request, const Tensor& seeds, Condition& told) const;

  DdnOptions options_;
  std::shared_ptr<Network> network_;
};

}  // namespace steer
