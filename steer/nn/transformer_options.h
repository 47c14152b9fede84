// The shape of a transformer.
#pragma once

#include <vector>

#include "steer/core/named.h"
#include "steer/core/option_fields.h"
#include "steer/nn/extent.h"

namespace steer {

// What a user may set; tokens, outputs, context and what it is told are the model's.
struct TransformerOptions {
  int64_t width = 384;
  int64_t blocks = 6;
  int64_t heads = 6;
  double expansion = 4;
  std::string activation = "gelu";
  std::string positions = "rotary";
  bool bias = false;
  bool tied = false;
  double dropout = 0;
  int64_t condition = 128;

  void fields(OptionFields& f) {
    f("width", width, "features of every token, a multiple of heads", from_to(2, 1 << 16));
    f("blocks", blocks, "blocks of attention and two layers", from_to(1, 1000));
    f("heads", heads, "heads of attention, each of an even number of features", from_to(1, 1024));
    f("expansion", expansion, "features between the two layers, as a multiple of width", from_to(0.25, 64));
    f("activation", activation, "between the two layers: gelu, gelu_tanh, relu, silu or swiglu");
    f("positions", positions, "rotary (any length) or learned (up to the context)");
    f("bias", bias, "whether attention and norms have biases");
    f("tied", tied, "whether the table of tokens is the last layer too");
    f("dropout", dropout, "dropout after attention and layers, while training", from_below(0, 1));
    f("condition", condition, "features of what blocks are told, the noise level or a class; 0 = nothing",
      from_to(0, 1 << 16));
  }
};

// What a model makes of it.
struct TransformerShape {
  TransformerOptions options;    // the user's
  int64_t tokens = 0;            // that may enter: rows of the table
  int64_t outputs = 0;           // numbers for each token that leave
  int64_t context = 0;           // tokens in a row, at most where positions are learned
  bool told_noise = false;       // whether it is told a noise label
  int64_t num_class_embeds = 0;  // classes that it is told, the one for none included
};

// Sines and cosines that a noise label enters as.
constexpr int64_t kNoiseFeatures = 256;

// The words of `activation`, each with what it means.
const std::vector<Named>& activations();

// Error that names the option where the network could not be built.
void check(const TransformerShape& shape);

// How much such a network is, without building it. Error as check(shape).
Extent extent(const TransformerShape& shape);

}  // namespace steer
