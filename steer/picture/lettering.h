// Text as a picture.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace steer {

using torch::Tensor;

// One place of a line.
struct LetterCell {
  // How it looks.
  enum Look {
    kPlain,   // a letter
    kHidden,  // a grey block: not known yet
  };
  std::string letter;  // one character in UTF-8; empty for a blank
  Look look = kPlain;  // as it is shown
};

// Lines of a text, each of any number of places.
using LetterLines = std::vector<std::vector<LetterCell>>;

// Lines in a font of one width, dark on white, [3, rows * 17 + 12, columns * 8 + 16] in [-1, 1]: what does
// not fit is left out. Error for fewer than 1 or more than 4,096 columns or rows.
Tensor lettered(const LetterLines& lines, int64_t columns, int64_t rows);

}  // namespace steer
