// Discrete diffusion of text: a transformer that says what noised tokens were.
#pragma once

#include "steer/discrete/token_process.h"
#include "steer/discrete/token_solver.h"
#include "steer/models/generator.h"
#include "steer/models/text_network.h"
#include "steer/models/text_scores.h"
#include "steer/nn/frozen.h"

namespace steer {

// Network, process and training.
struct TextOptions {
  TransformerOptions transformer;
  TextSide text;
  TokenProcessOptions process;
  std::string loss;
  int64_t block = 0;
  bool timeless = true;
  double rate_from = 0;
  double rate_to = 1;
  int64_t rate_search = 0;
  double least_time = 1e-3;
  int64_t classes = 0;
  double label_dropout = 0.1;
  TokenSolverOptions sampler;

  void fields(OptionFields& f) {
    f("transformer", transformer, "shape of the network");
    f("text", text, "tokens and length; they follow the training data unless given");
    f("process", process, "how texts become noise");
    f("loss", loss,
      "masked (MDLM), score_entropy (SEDD), uniform (UDLM) or flow (discrete flow matching); empty = as "
      "suits the "
      "process");
    f("block", block,
      "tokens of a block: blocks come one after another, each by diffusion (BD3-LM); 0 = all at once",
      from_to(0, 1 << 20));
    f("timeless", timeless, "of masks: the network is not told the noise, which the masks tell");
    f("rate_from", rate_from, "of masks: the least share of masks in training", from_below(0, 1));
    f("rate_to", rate_to, "of masks: the largest one", from_to(0, 1));
    f("rate_search", rate_search,
      "of masks: steps between looks for the shares of masks whose losses vary least, which training then "
      "draws from; 0 = rate_from and rate_to as they are",
      at_least(0));
    f("least_time", least_time, "training draws times from here to 1", from_below(0, 1));
    f("classes", classes, "number of classes that the model is told; 0 = none", from_to(0, 1 << 20));
    f("label_dropout", label_dropout, "chance that a training text's class is not told", from_below(0, 1));
    f("sampler", sampler, "how samples are drawn unless a command says otherwise");
  }
};

// The words of `loss`, each with what it means.
const std::vector<Named>& text_losses();

// How much the network of such a model is, without building it. Error for options that it refuses.
Extent extent(const TextOptions& options);

// Shares of masks, all equally likely.
struct RateRange {
  double from = 0;  // the least
  double to = 1;    // the largest
};

// The ranges that rate_search chooses from: all, and halves of it.
const std::vector<RateRange>& rate_ranges();

// The model of the family "text".
class TextModel : public Generator, public TextScores {
 public:
  // Error for unknown words, and for blocks and rates of a process without masks.
  explicit TextModel(const TextOptions& options);

  std::string family() const override { return "text"; }
  torch::nn::Module& module() override { return *network_; }
  Space space() const override { return space_; }
  Json options() const override;
  Needs needs() const override;
  Facts facts() const override;
  // Nats a token of the loss that was asked for; all are bounds of the same (discrete/token_loss.h) where
  // rates are not clipped. Times of the rows, and of their blocks, are spread evenly (antithetic).
  LossReport loss(const Batch& batch, uint64_t seed) override;
  // Looks for the steadiest rates where it is time for it, and says which they are.
  Figures after_step(int64_t step, const Adam*, const Ema*) override;
  // The rates found so far.
  std::map<std::string, Tensor> training_state() override;
  void load_training_state(const std::map<std::string, Tensor>& state) override;
  NamedTensors hidden_matrices() override { return steer::hidden_matrices(network_); }
  using Generator::plan;
  // By a solver of tokens, text_plan.h; an objective guides as token_guiding.h tells.
  std::unique_ptr<Plan> plan(const Objective* objective, const Json& settings) const override;
  std::vector<std::string> setting_names() const override;
  void set_compute_type(torch::ScalarType type) override { network_->set_compute_type(type); }
  void set_recompute(bool recompute) override { network_->set_recompute(recompute); }

  bool exact() const override { return false; }
  // The bound's integral by one time for each text and block, spread evenly over [0, 1].
  Tensor nats(const State& texts, uint64_t seed) const override;

  // log p(x_0 | x_t), as solvers ask for it, of rows told these labels; `before` holds the blocks before
  // these tokens, for models of blocks.
  TokenDenoiser denoiser(const Tensor& label = {}, KvCache* before = nullptr) const;

  // The label that says "no class", for as many rows as these have.
  Tensor no_class(const Tensor& label) const { return at::full_like(label, options_.classes); }

  const TextOptions& settings() const { return options_; }           // completed
  const TokenProcess& process() const { return process_; }           // how texts become noise
  const Transformer& network() const { return network_; }            // as it stands
  Freezer& freezer() const { return freezer_; }                      // what every draw holds
  torch::Device device() const { return network_->table.device(); }  // of its weights
  Sight sight() const;                                               // what its layers see
  RateRange rates() const { return rates_; }                         // shares of masks in training
  bool told_noise() const;                                           // whether the network is

 private:
  struct Noised;
  // Tokens with times for each row or block of it.
  Noised noised(const State& texts, const Tensor& t, const Tensor& seeds) const;
  // Features of each token of a noised batch.
  Tensor features(const Noised& noised, const Tensor& label, const Forwarding& how) const;
  // Nats of the bound for each text, where 1 - alpha is u [B, blocks].
  Tensor bound_of(const State& texts, const Tensor& u, const Tensor& seeds) const;
  // The range in which the bounds of these texts, by one share of masks for each of their blocks, have the
  // least variance (Arriola et al. 2025, section 5).
  RateRange steadiest(const State& texts, uint64_t seed) const;
  // Loss of each token, [B, T], by logits of all tokens.
  Tensor token_loss(const Noised& noised, const Tensor& logits) const;
  // The same of masks without logits of all: nats weighted and summed as `weight` says, and each.
  Tensor masked_sum(const Noised& noised, const Tensor& features, const Tensor& weight, const Forwarding& how,
                    Tensor* each) const;

  TextOptions options_;
  Space space_;
  TokenProcess process_;
  Transformer network_;
  mutable Freezer freezer_;
  RateRange rates_;
  State last_;  // of the last loss, where rates are searched
  uint64_t last_seed_ = 0;
};

}  // namespace steer
