// How a model keeps the nodes of its layers evenly used while it trains: what each loss counted, what rivals
// its nodes have, and what is done about it after a step.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "steer/ddn/split_prune.h"

namespace steer {

// What is done.
struct BalanceRule {
  std::string name = "split";  // split | bias | none
  SplitOptions split;          // of split
  double bias_rate = 0.01;     // of bias; see node_bias.h
};

// What one application of a layer gave for the nodes: as a Choice has it.
struct NodesAsked {
  Tensor nearest;  // int64 [B]
  Tensor second;   // int64 [B]; undefined where nobody was asked for
  Tensor losses;   // float64 [K]; undefined with it
};

// Of the layers of one network, some of which may be applied several times. Models pass the hooks of
// training (models/model.h) on to it.
class NodeBalance {
 public:
  // `layer_of` names the layer of each application. With rule bias the layers are given their biases.
  NodeBalance(std::vector<Layer> layers, std::vector<size_t> layer_of, BalanceRule rule);

  // The most candidates of a layer with rivals, which choosers are to be asked for.
  int64_t most_rivals() const;
  // With rule bias the bias of each application's nodes, else none.
  std::vector<Tensor> bias() const;

  // What the last loss gave, one for each application; kept until after_step takes it in.
  void count(const std::vector<NodesAsked>& asked);
  // How many rows were nearest to each node: float64 [K] for each application. Then, for those that keep
  // count of rivals, how often each pair was nearest and second, [K, K], and the losses, [K].
  std::vector<Tensor> step_counts();
  // Takes the counts in, then balances. Figures: "splits", and "nodes_used", the share of nodes that were
  // nearest to one of the last 10,000 samples.
  std::vector<std::pair<std::string, Tensor>> after_step(int64_t step, const Adam* adam, const Ema* ema);

  // The rivals of each layer. A run of before there were any goes on with even ones, as a notice says.
  std::map<std::string, Tensor> training_state() const;
  void load_training_state(const std::map<std::string, Tensor>& state);

 private:
  // What an application of a layer counted.
  struct Counted {
    Tensor times;      // float64 [K]
    NodesAsked asked;  // of it
    Tensor pairs;      // float64 [K, K], where they were asked for
  };

  // Those of a layer, made of its counts where there are none yet; null for one that keeps none.
  Rivals* rivals_of(size_t layer);

  std::vector<Layer> layers_;
  std::vector<size_t> layer_of_;
  BalanceRule rule_;
  std::vector<Counted> counted_;
  std::vector<Rivals> rivals_;  // of each layer, undefined until the first step
};

}  // namespace steer
