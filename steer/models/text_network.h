// What models of text have in common: a tokenizer, a length, a transformer.
#pragma once

#include "steer/core/option_fields.h"
#include "steer/data/data_options.h"
#include "steer/data/dataset.h"
#include "steer/models/generator.h"
#include "steer/nn/adam.h"
#include "steer/nn/transformer.h"
#include "steer/objectives/objective.h"
#include "steer/text/tokenizer.h"

namespace steer {

// The tokens of a model of text.
struct TextSide {
  std::string alphabet;
  int64_t length = 256;

  void fields(OptionFields& f) {
    f("alphabet", alphabet, "the tokenizer as JSON; that of the training data unless given");
    f("length", length, "tokens of a sample; those of the training data unless given", from_to(1, 1 << 20));
  }
};

// The vocabulary of the alphabet, and the space of such texts. Error where there is none.
Tokenizer tokenizer_of(const TextSide& side);
Space space_of(const TextSide& side);

// Options of a model of text, "text" in `part`, with the data's alphabet and length where they name none.
// Error where the data are no texts.
Json fitted_text(const Json& options, const Dataset& data, const std::string& path,
                 const std::string& family);

// Data options that take the alphabet and length that the options name, where they name any.
DataOptions data_for_text(const Json& options, DataOptions data);

// Error unless samples of so many tokens can be made: any number where positions are rotary.
void check_length(const TransformerOptions& options, const TextSide& side, int64_t length);

// What stays of texts to begin from, as known tokens: token int64 [N, T] and mask bool [N, T]. The share of
// tokens that is noise, rounded, is not known: places drawn by the rows' seeds, int64 [N], or, from left to
// right, the last ones. Error for texts of another length.
State kept_of(const Beginning& begin, int64_t length, const Tensor& seeds, bool left_to_right);

// Both: where the first knows nothing, what the second knows. Either may be undefined.
State known_of_both(const State& first, const State& second);

// A seed of its own for each row and block, int64 [N], on the host; `stream` belongs to who draws.
Tensor seeds_of_block(const Tensor& seeds, uint64_t stream, int64_t block);

// A glimpse of texts on their way, int64 [N, T], which may change afterwards: part `index` of `of`.
Glimpse glimpse_of_texts(int64_t index, int64_t of, const Tensor& token);

// Each token sees itself and those before it.
Sight causal_sight();

// Weights of attention and layers in the blocks, by their names in the network (Model::hidden_matrices).
NamedTensors hidden_matrices(const Transformer& network);

// What a transformer's layers see, for people: a list of objects {"name", "sees"}.
Json sight_layers(const TransformerOptions& options, const Sight& sight, int64_t length);

}  // namespace steer
