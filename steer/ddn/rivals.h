// How often each node of a layer came second to another, so that the images of a node that is pruned are
// counted where they will go ("near2", Yang 2025).
#pragma once

#include <torch/types.h>

#include <vector>

#include "steer/codes/split_rule.h"

namespace steer {

using torch::Tensor;

// What a layer of K nodes keeps of all images so far, beside its counts.
struct Rivals {
  Tensor near2;   // float64 [K, K]: images to which the row's node was nearest and the column's the next
  Tensor losses;  // float64 [K]: squared distance of each node, summed over the images
  Tensor unit;    // float64 []: what an image of now counts in both; grows where older ones fade
};

// What a batch adds at one application of a layer.
struct Seconds {
  Tensor second;  // int64 [B]: the nearest but one node of each row, ties to the lower index
  Tensor losses;  // float64 [K]: distances, summed over the rows
};

// Of distances float32 [B, K], K >= 2, to the nodes, the nearest of which are given, int64 [B]. On their
// device; the host reads nothing.
Seconds seconds_of(const Tensor& distance, const Tensor& nearest);

// The rivals of a layer whose images were counted, float64 [K], but not who came second: any other node, as
// often as the rest. On their device.
Rivals even_rivals(const Tensor& counts);

// How often each node was nearest (rows) while each other was second (columns): float64 [K, K]. Such tables
// of the parts of a batch add up to that of the whole.
Tensor pairs_of(const Tensor& nearest, const Tensor& second, int64_t nodes);

// Takes a batch in, after letting older images fade as record() of split_prune.h does with counts: `times`
// float64 [K] how often each node was nearest, `losses` as in Seconds, and either `pairs`, a table, or, where
// it is undefined, the rows' nodes themselves.
void record(Rivals& rivals, const Tensor& times, const Tensor& losses, const Tensor& pairs,
            const Tensor& nearest, const Tensor& second, double half_life_images);

// The node to prune: of those that were never nearest the one of the largest losses, else `idlest`.
int64_t pruned_node(const std::vector<double>& counts, int64_t idlest, const Rivals& rivals);

// Brings near2, losses and counts [K] up to date with a split, on the host. First the pruned node d is taken
// out: its images go to the nodes that were second to it, in proportion, whose rows grow by their own
// proportions; where it was second itself, these come second in its place (if it never was nearest: the
// others of that row, in proportion). Then the split node s and its clone d share s's count, its images, with
// each other as second, and its places as second.
void hand_over(Rivals& rivals, std::vector<double>& counts, const Split& split);

// The same by tensor operations, where `fires`, bool [1], is true: returns the new counts and changes the
// rivals in place; `split` and `prune` int64 [1]. The host reads nothing.
Tensor hand_over_there(Rivals& rivals, const Tensor& counts, const Tensor& split, const Tensor& prune,
                       const Tensor& fires);

}  // namespace steer
