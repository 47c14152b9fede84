// The plain choosers: toward a target, along a code, at random, and mixes of them.
#pragma once

#include <vector>

#include "steer/ddn/candidates.h"

namespace steer {

// What "nearest" means while a network is trained.
struct Nearness {
  std::vector<Tensor> bias;  // [K] for each layer: argmin(D + bias) as biased_nearest() has it; empty: none
  int64_t most_rivals = 0;   // layers of 2 to so many candidates also say which was second, how far all were
  // The weight of how far the images' means over squares of 4x4 pixels are, beside how far the images are:
  // D + 16 coarse D', so that 1 counts both alike where the differences are smooth. Layers below 4x4 have D.
  double coarse = 0;
};

// Takes the candidate nearest to x [B, C, H, W], area-averaged to the layer's size. Trains and encodes.
Chooser nearest_to(const Tensor& x, const Nearness& nearness = {});

// Takes the candidates that a code names: int64 [B, L]. Decodes. Error when the code is too short or an index
// too large; the indices are looked at where the code is, best on the host.
Chooser follow(const Tensor& code);

// Row b follows its code, int64 [B, L], for its first held[b] (int64 [B]) layers, then takes what `then`
// takes.
Chooser follow_some(const Tensor& code, const Tensor& held, const Chooser& then);

// Takes floor(K u), u uniform and a function of each row's seed (int64 [B]) and the layer alone. Samples.
Chooser at_random(const Tensor& seeds);

// With this chance, independently for each row and layer, a uniformly random candidate goes on instead of the
// chosen one ("chain dropout", here per sample). `nearest` still names the nearest.
Chooser with_chain_dropout(const Chooser& chooser, double chance, const Tensor& seeds);

// One index for each row, drawn by logits [B, K] on any device: int64 [B], a function of the row's seed
// (int64 [B]) and the layer.
Tensor index_drawn(const Tensor& logits, const Tensor& seeds, int64_t layer);

// The chooser for layers `first` to `last` (0-based, both included); at the others every row draws at random,
// with a prior, ln p(k | indices before) of each candidate, by that. Rows come in equal consecutive groups,
// one for each seed (int64 [N]); a row draws by its group's seed and its place in the group.
Chooser within_levels(const Chooser& chooser, int64_t first, int64_t last, const Tensor& seeds,
                      const Scorer& prior = {});

// The first chooser for layers below `layer`, the second from there on: continues a prefix.
Chooser switch_at(int64_t layer, const Chooser& first, const Chooser& then);

}  // namespace steer
