// How likely a model of text finds texts.
#pragma once

#include "steer/core/json.h"
#include "steer/models/models.h"
#include "steer/models/text_scores.h"
#include "steer/work/watching.h"

namespace steer {

// How they are found.
struct TextLikelihoodOptions {
  int64_t draws = 3;       // of the noise, where the model gives an estimate of a bound
  int64_t batch = 64;      // texts at once; the figures do not depend on it where the model is exact
  uint64_t seed = 0;       // of the first draw
  bool all_codes = false;  // of a text_ddn: minus ln p itself, all codes of a block summed over
};

// Of all texts together: long ones weigh more, and each character is counted once.
struct TextLikelihood {
  bool exact = false;         // minus ln p itself, else an upper bound of it
  int64_t texts = 0;          // how many
  int64_t tokens = 0;         // in all of them
  int64_t characters = 0;     // in all of them
  Tensor nats;                // of each text, the mean of the draws, float64 [N]
  double bits = 0;            // a character
  double standard_error = 0;  // of the bits: of the mean over draws; of an exact one over the texts
  Json figures;               // all of it by name, perplexity (of a token) with it
};

// The model as one that tells how likely texts are; null for others.
const TextScores* text_scores(const Model& model);

// Of texts in the model's space, on the processor. Tells the watch as "likelihood"; Error where it asks to
// end.
TextLikelihood text_likelihood(const Model& model, const State& texts, const TextLikelihoodOptions& options,
                               const WorkWatch& watch = {});

// "436 texts, 111540 characters: at most 2.3456 +- 0.0012 bits a character; 3 draws of the noise".
std::string text_of(const TextLikelihood& found);

}  // namespace steer
