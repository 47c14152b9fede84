// Models small enough for tests.
#pragma once

#include "steer/models/models.h"

namespace steer {

// Images of one channel by the network named "pyramid" (8x8) or "recurrent" (16x16).
inline Json small_ddn_options(const std::string& network) {
  return {{"network", network},
          {"pyramid", {{"widths", {16, 16, 16, 16}}, {"layers", {1, 1, 2, 2}}, {"candidates", {8}}}},
          {"recurrent", {{"size", 16}, {"base", 8}, {"candidates", 8}, {"repeats", 4}}}};
}

inline std::unique_ptr<DdnModel> small_ddn(const std::string& network) {
  auto model = make_model("ddn", small_ddn_options(network), 7);
  return std::unique_ptr<DdnModel>(dynamic_cast<DdnModel*>(model.release()));
}

}  // namespace steer
