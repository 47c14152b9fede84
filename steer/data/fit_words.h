// How samples of another form are brought to a model's, in one text that flags, recipes and indices hold.
#pragma once

#include <string>

namespace steer {

// "resize", "pad on black", "on #204060", or nothing.
struct FitWords {
  std::string fit;         // resize, pad or crop; empty: another size is refused, or as a data set says
  std::string background;  // a colour under transparent pixels (picture/colour.h); empty: white
};

// The parts of such a text.
inline FitWords fit_words(const std::string& text) {
  constexpr char kOn[] = "on ";
  const size_t on = text.rfind(kOn, 0) == 0 ? 0 : text.find(std::string(" ") + kOn);
  if (on == std::string::npos) return {text, ""};
  return {text.substr(0, on), text.substr(on + (on ? sizeof kOn : sizeof kOn - 1))};
}

}  // namespace steer
