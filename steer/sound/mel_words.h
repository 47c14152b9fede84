// The words that objectives about spectrograms are made of.
#pragma once

#include <vector>

#include "steer/objectives/linear_objective.h"
#include "steer/objectives/vocabulary.h"

namespace steer {

// What is known of spectrograms [T, 1, bands, frames]: where `hidden` [1, 1, bands, frames] is 0, up to
// normal noise of this deviation; what is shown has 0, mid-grey, at other places, as TFG's tasks (Ye et al.
// 2024).
LinearTask shown_in_part(const Tensor& truth, const Tensor& hidden, double noise);

// inpaint, declip, pitch and speaker.
const std::vector<Word>& mel_words();

}  // namespace steer
