// A transformer that tells the class of a text, as it stands or noised on its way.
#pragma once

#include <string>

#include "steer/core/class_names.h"
#include "steer/nn/transformer.h"

namespace steer {

// The shape of a classifier of tokens.
struct TokenClassifierOptions {
  TransformerOptions transformer;
  int64_t states = 0;
  int64_t classes = 0;
  int64_t length = 0;

  TokenClassifierOptions() { transformer.width = 128, transformer.blocks = 3, transformer.heads = 4; }

  void fields(OptionFields& f) {
    f("transformer", transformer, "shape of the transformer");
    f("states", states, "tokens that may enter, a mask among them; 0 = as text and process have",
      from_to(0, 1 << 24));
    f("classes", classes, "number of classes; 0 = as in the data", from_to(0, 1 << 20));
    f("length", length, "tokens of a text; 0 = as in the data", from_to(0, 1 << 20));
  }
};

// How much such a network is, without building it. Error for options that its constructor refuses.
Extent extent(const TokenClassifierOptions& options);

// The mean over tokens of what a transformer says of each.
struct TokenClassifierImpl : torch::nn::Module {
  // Error where states, classes or length are not given, or the transformer cannot be built.
  explicit TokenClassifierImpl(const TokenClassifierOptions& options);

  // tokens int64 [B, T], or probabilities of each state [B, T, states], noise [B] float32 (-ln alpha: 0 of
  // texts as they are), present bool [B, T] (undefined: all) -> logits [B, classes] float32. Differentiable
  // in probabilities.
  Tensor forward(const Tensor& tokens, const Tensor& noise, const Tensor& present = {},
                 const Forwarding& how = {}) const;

  TokenClassifierOptions options;
  Transformer trunk{nullptr};
};
TORCH_MODULE(TokenClassifier);

// A trained one out of a file.
struct SavedTokenClassifier {
  TokenClassifier network{nullptr};  // in float32
  std::string path;                  // the file, for errors
  std::string alphabet;              // the tokenizer of its texts
  ClassNames class_names;            // of its classes, where the file says them
};

// The classifier in a run folder, a checkpoint of the family "text_classifier" or the name of one that ships
// with the program; in float32, its weights without gradient. Error where there is nothing, or anything else.
SavedTokenClassifier load_token_classifier(const std::string& path, torch::Device device);

}  // namespace steer
