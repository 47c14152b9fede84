// What is worth knowing of a model beside its options.
#pragma once

#include <string>

#include "steer/core/json.h"

namespace steer {

// Facts of one model, each family's own.
struct Facts {
  Json figures = Json::object();  // by name; a "layers" among them is a list of objects with the same keys
  std::string text;               // the chief ones in a few words
  std::string legend;             // what the figures of the layers mean, in whole lines; empty: has none
};

}  // namespace steer
