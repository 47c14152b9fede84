// A model with codes as work gets it, for tests.
#pragma once

#include "steer/models/small_models.h"

namespace steer {

// The small network of that name, 8x8 ("pyramid") or 16x16 ("recurrent") pixels of one channel.
inline LoadedModel loaded_ddn(const std::string& network = "pyramid") {
  return {small_ddn(network), {}, "small.safetensors"};
}

// The same, told a class below 5.
inline LoadedModel loaded_class_ddn() {
  Json options = small_ddn_options("pyramid");
  options["condition"] = {{"type", "class"}, {"classes", 5}, {"everywhere", true}};
  return {make_model("ddn", options, 7), {}, "classes.safetensors"};
}

}  // namespace steer
