// How well codes keep samples, and how evenly they use the nodes.
#pragma once

#include <vector>

#include "steer/core/json.h"
#include "steer/models/codec.h"

namespace steer {

// One layer of the codes.
struct LayerEvaluation {
  std::vector<int64_t> places;  // sizes of what the layer decides
  int64_t candidates = 0;       // K
  double mse = 0;               // mean squared error of the samples after it, at its own size
  int64_t used = 0;             // nodes that occur
  double bits = 0;              // entropy of their frequencies
};

// All of them.
struct CodeEvaluation {
  std::vector<LayerEvaluation> layers;  // L of them
  int64_t samples = 0;                  // encoded
  double mse = 0;                       // after the last layer
  double nodes_used = 0;                // share of all nodes that occur, in [0, 1]
  double latent_bits = 0;               // log2 of the number of codes
  double first_order_bits = 0;          // sum of the layers' entropies
  int64_t distinct_codes = 0;           // among the samples' codes
  Json figures;                         // the same by name, with psnr in dB
};

// What encode_all made with the codec of N samples, measured.
CodeEvaluation evaluate_codes(const Codec& codec, const Encoded& encoded);

}  // namespace steer
