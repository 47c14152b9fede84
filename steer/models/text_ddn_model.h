// Text by a Discrete Distribution Network: a transformer reads what there is, and of the next block of tokens
// every layer makes K candidates at once, one of which is chosen.
#pragma once

#include "steer/ddn/block_network.h"
#include "steer/ddn/node_balance.h"
#include "steer/models/generator.h"
#include "steer/models/text_network.h"
#include "steer/models/text_scores.h"
#include "steer/nn/frozen.h"

namespace steer {

// How it is drawn from.
struct TextDdnSettings {
  double temperature = 1;
  double code_temperature = 1;
  double nucleus = 1;
  int64_t shortlist = 8;
  int64_t length = 0;

  void fields(OptionFields& f) {
    f("temperature", temperature, "divides the logarithms of the chosen predictions; 0 = the likeliest token",
      at_least(0));
    f("code_temperature", code_temperature,
      "divides the logarithms of the prior over the indices; 0 = the likeliest index", at_least(0));
    f("nucleus", nucleus, "predictions are cut to the likeliest tokens of this share together; 1 = all",
      from_to(0, 1));
    f("shortlist", shortlist,
      "candidates that an objective looks at at each layer, the likeliest; the others as their mean; 0 = all",
      from_to(0, 1 << 16));
    f("length", length, "tokens of a sample; 0 = as trained", from_to(0, 1 << 20));
  }
};

// Network and training.
struct TextDdnOptions {
  TransformerOptions transformer;
  TextSide text;
  int64_t block = 4;
  BlockNetworkOptions network;
  double expect = 0;
  double deep = 0.1;
  double read = 0.5;
  bool marginal = true;
  std::string balance = "split";
  SplitOptions split;
  TextDdnSettings sampler;

  void fields(OptionFields& f) {
    f("transformer", transformer, "shape of the network that reads what there is; its condition is not used");
    f("text", text, "tokens and length; they follow the training data unless given");
    f("block", block, "tokens that are made at once; a divisor of the length", from_to(1, 1 << 12));
    f("network", network, "shape of the network that makes a block");
    f("expect", expect,
      "share of an index's nats, by the prior, that counts in choosing: 0 = the nearest candidate, 1 = the "
      "shortest code",
      from_to(0, 1));
    f("deep", deep, "weight of the nats of each layer before the last in the loss", at_least(0));
    f("read", read,
      "weight in the loss of the nats of each next token by the network that reads, which makes no text: it "
      "teaches it at every token, not only before blocks",
      at_least(0));
    f("marginal", marginal,
      "of the last layer the loss is that of all candidates together, each as likely as the prior says; "
      "false: that of the chosen one");
    f("balance", balance, "how nodes are kept evenly used: split (split-and-prune) or none");
    f("split", split, "split-and-prune");
    f("sampler", sampler, "how samples are drawn unless a command says otherwise");
  }
};

// How much the network of such a model is, without building it. Error for options that it refuses.
Extent extent(const TextDdnOptions& options);

// Two networks as one module: "trunk" reads, "head" makes blocks.
struct TextDdnNetwork : torch::nn::Module {
  // Of options that check_text_ddn() passes.
  explicit TextDdnNetwork(const TextDdnOptions& options);

  Transformer trunk{nullptr};  // reads what there is
  BlockNetwork head{nullptr};  // makes a block
};

// The model of the family "text_ddn". With h the trunk's features of the tokens before a block x,
//
//   p(x | h) = sum over codes k of prod_l pi(k_l | h, k_1..k_(l-1)) prod_j softmax(a_L,j)[x_j],
//
// a_L the logits chosen at the last layer. -ln p is at most the nats of one code and of x given it, and less
// where the last layer's candidates are summed over, which loss() and nats() do where `marginal` is set.
class TextDdnModel : public Generator, public Codec, public TextScores {
 public:
  // Error for unknown words and for blocks that do not divide the length.
  explicit TextDdnModel(const TextDdnOptions& options);

  std::string family() const override { return "text_ddn"; }
  torch::nn::Module& module() override { return *network_; }
  Space space() const override { return space_; }
  Json options() const override;
  Facts facts() const override;
  // Nats a token of the bound, `deep` times those of earlier layers and `read` times those of the trunk's own
  // next tokens; figures: "nats" the bound, "code" its part by the indices, "read" the trunk's.
  LossReport loss(const Batch& batch, uint64_t seed) override;
  std::vector<Tensor> step_counts() override { return balance_.step_counts(); }
  Figures after_step(int64_t step, const Adam* adam, const Ema* ema) override {
    return balance_.after_step(step, adam, ema);
  }
  std::map<std::string, Tensor> training_state() override { return balance_.training_state(); }
  void load_training_state(const std::map<std::string, Tensor>& state) override {
    balance_.load_training_state(state);
  }
  NamedTensors hidden_matrices() override;
  using Generator::plan;
  // Block after block. An objective guides as token_guiding.h tells; it also chooses among the candidates,
  // by what their texts would be worth times the prior. Tokens that it knows count in choosing.
  std::unique_ptr<Plan> plan(const Objective* objective, const Json& settings) const override;
  std::vector<std::string> setting_names() const override;
  const Codec* codec() const override { return this; }
  void set_compute_type(torch::ScalarType type) override { network_->trunk->set_compute_type(type); }
  void set_recompute(bool recompute) override { network_->trunk->set_recompute(recompute); }

  // Whether the bound is minus ln p itself: one layer, summed over.
  bool exact() const override { return options_.network.layers == 1 && options_.marginal; }
  bool draws() const override { return false; }
  // By all codes, as exact_nats tells; undefined for more than 65,536 of a block.
  Tensor summed_nats(const State& texts) const override;
  // By the shortest code as the training chooses it (expect = 1); no noise is drawn.
  Tensor nats(const State& texts, uint64_t seed) const override;
  // The same by all codes: minus ln p itself. Of K^L codes a block; Error above `most`.
  Tensor exact_nats(const State& texts, int64_t most = 65536) const;

  // A block after the other, each the shortest for its tokens after what the blocks before decode to.
  // `error` [N, L] holds nats a token after each layer; a beam above 1 is refused.
  Encoded encode(const State& samples, int64_t beam = 1, const Told& told = {}) const override;
  Encoded continued(const Tensor& code, const Tensor& held, const State& samples,
                    const Told& told = {}) const override;
  // The likeliest tokens of each block.
  State decode(const Tensor& code, const Told& told = {}) const override;
  // Layers of later blocks come after those of earlier ones; tokens of blocks to come are none.
  std::vector<State> unfolded(const Tensor& code, const std::vector<int64_t>& layers = {},
                              const Told& told = {}) const override;
  // Of the first block, which has no text before it; other tokens are none.
  std::vector<State> prefixes(int64_t levels, int64_t most, const Told& told = {}) const override;
  // Block after block, each told what the blocks before it say.
  std::vector<LikelyPrefix> likely(const State& before, int64_t levels, int64_t each,
                                   int64_t most) const override;
  std::vector<int64_t> candidates() const override;
  std::vector<std::vector<int64_t>> places() const override;
  uint64_t fingerprint() const override;

  const TextDdnOptions& settings() const { return options_; }               // as given
  const Transformer& trunk() const { return network_->trunk; }              // as it stands
  const BlockNetwork& head() const { return network_->head; }               // as it stands
  Freezer& freezer() const { return freezer_; }                             // what every draw holds
  torch::Device device() const { return network_->trunk->table.device(); }  // of its weights
  int64_t start() const { return space_.vocabulary; }                       // the token before the first one
  int64_t blocks() const { return options_.text.length / options_.block; }  // of a text

  // What is known before the next block: tokens int64 [N, T] appended to the cache, features [N, width].
  Tensor context_after(const Tensor& token, KvCache& before) const;

 private:
  // Rows of blocks: what comes before each, and what it is.
  struct Blocks {
    Tensor features;  // [N, T, width], before each token
    Tensor context;   // [N T / B, width], before each block
    Tensor token;     // int64 [N T / B, B]
    Tensor present;   // bool, likewise; undefined: every token
  };
  Blocks blocks_of(const State& texts, const Forwarding& how) const;
  Tensor read_nats(const Blocks& blocks) const;  // of each next token by the trunk, the mean
  // Nats of each row of blocks.
  struct Bound {
    Tensor total;  // [rows], the bound
    Tensor code;   // [rows], of the chosen indices
    Tensor deep;   // [rows], of the layers before the last, by the chosen candidates
    std::vector<NodesAsked> asked;
  };
  Bound bound(const Blocks& blocks, double expect, bool marginal) const;
  // Block after block of decoded text, told what was decoded before; a step for each layer of each.
  struct Decoded {
    Tensor token;              // int64 [N, T]
    Tensor code;               // int64 [N, T / B L]
    std::vector<Tensor> maps;  // [N, B, V] for each of these
  };
  using BlockChooser = std::function<Chooser(int64_t block)>;
  Decoded decoded(int64_t rows, int64_t count, const BlockChooser& chooser) const;
  Encoded encoded(const State& samples, const BlockChooser& chooser) const;
  // Takes what says a block of the samples, the tokens that are there, in the fewest nats.
  Chooser shortest_in(const State& samples, int64_t block) const;
  // All likely children of some prefixes that are equally long, in their order.
  std::vector<LikelyPrefix> children(const State& before, const std::vector<LikelyPrefix>& parents,
                                     int64_t each) const;

  TextDdnOptions options_;
  Space space_;
  std::shared_ptr<TextDdnNetwork> network_;
  mutable Freezer freezer_;
  NodeBalance balance_;
};

// All settings of its plans as a list.
const std::vector<Named>& text_ddn_settings();

}  // namespace steer
