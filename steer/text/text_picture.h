// Texts for people to see.
#pragma once

#include <string>
#include <vector>

#include "steer/core/space.h"
#include "steer/core/state.h"
#include "steer/picture/lettering.h"
#include "steer/text/tokenizer.h"

namespace steer {

// One text, tokens int64 [T], as lines of at most `columns` places: a token that is none (a mask) is a hidden
// place, bytes that are no UTF-8 a replacement character, line breaks break. Places where `present` (bool
// [T], may be undefined) is not set are left out.
LetterLines letters_of(const Tokenizer& tokenizer, const Tensor& token, int64_t columns,
                       const Tensor& present = {});

// Texts of one space as a picture [3, h, w] in [-1, 1], 64 letters wide, `columns` side by side (0: two).
// Several sources show one thing seen several ways and stand side by side.
Tensor text_picture(const Space& space, const std::vector<State>& sources, int64_t columns);

// Each text by itself, as it is written; tokens that are none are shown as U+2591.
std::vector<std::string> plain_texts(const Space& space, const State& state);

}  // namespace steer
