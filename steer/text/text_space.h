// The space of texts.
#pragma once

#include "steer/core/space.h"
#include "steer/text/tokenizer.h"

namespace steer {

// Texts of so many tokens of a tokenizer, which the space holds.
Space text_space(const Tokenizer& tokenizer, int64_t length);

// The tokenizer that such a space, or the JSON in its alphabet, holds; the last few are kept. Error,
// beginning with `what`, where there is none.
Tokenizer tokenizer_of(const std::string& alphabet, const std::string& what);
Tokenizer tokenizer_of(const Space& space);

}  // namespace steer
