// Split-and-Prune: keeps the nodes of a layer evenly used by cloning the busiest over the idlest.
#pragma once

#include "steer/codes/split_rule.h"
#include "steer/core/option_fields.h"
#include "steer/ddn/layer.h"
#include "steer/ddn/rivals.h"
#include "steer/nn/adam.h"
#include "steer/nn/ema.h"

namespace steer {

// When nodes split.
struct SplitOptions {
  std::string rule = "exact";   // exact | paper
  double half_life_images = 0;  // counts halve after this many images; 0 = they never forget
  int64_t every_steps = 1;      // steps between tests
  int64_t most = 1;             // splits per layer and test at the most
  std::string near2 = "auto";   // auto | on | off

  void fields(OptionFields& f) {
    f("rule", rule,
      "when a node splits: exact (p_max - p_min > 1/K or p_min < 1/2K), paper (p_max > 2/K or p_min < 1/2K)");
    f("half_life_images", half_life_images, "images after which counts have halved; 0 = counts never forget",
      at_least(0));
    f("every_steps", every_steps, "training steps between tests of the rule", at_least(1));
    f("most", most, "splits per layer and test at the most", at_least(1));
    f("near2", near2,
      "whether the images of a pruned node are counted for the nodes that were second to it, from a table of "
      "K x K: auto (up to K = 256), on or off (they are forgotten)");
  }
};

// Checks the words and ranges; Error names the field.
void check(const SplitOptions& options);

// The most nodes of a layer that keeps count of rivals: 256, all or none.
int64_t most_rivals(const SplitOptions& options);

// How often each of K nodes is among `nearest` (int64 [B]): float64 [K], on its device. Such counts of the
// parts of a batch add up to those of the whole.
Tensor times_nearest(const Tensor& nearest, int64_t nodes);

// Adds `times` (float64 [K]) of a batch to the layer's counts, on the device, after letting old counts fade
// (half-life 0: they never do), and ages the nodes that were never nearest by the images of the batch.
void record(Layer& layer, const Tensor& times, double half_life_images);

// Tests the rule and carries out the splits: rows of the weights, of Adam's moments and of the EMA shadow are
// cloned, the two nodes share the busier one's count and age. `adam` and `ema` may be null. With `rivals` the
// images of the pruned node go to its neighbours (hand_over()), else they are forgotten. Returns the splits
// made, in order.
std::vector<Split> split_and_prune(Layer& layer, const SplitOptions& options, const Adam* adam,
                                   const Ema* ema, Rivals* rivals = nullptr);

// The same by tensor operations on the layer's device, which the host does not wait for. Returns how many
// splits there were, float64 on that device.
Tensor split_and_prune_there(Layer& layer, const SplitOptions& options, const Adam* adam, const Ema* ema,
                             Rivals* rivals = nullptr);

}  // namespace steer
