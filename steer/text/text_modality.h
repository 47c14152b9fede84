// Text as a kind of sample.
#pragma once

#include "steer/modality/modality.h"

namespace steer {

// Tokens int64 [N, T] of a tokenizer that the space holds: files as read_documents (of several documents the
// first is the sample), data sets as make_text_dataset, pictures as text_picture.
const Modality& text_modality();

// Texts one after another, each closed by a line.
std::string closed_texts(const std::vector<std::string>& texts);

}  // namespace steer
