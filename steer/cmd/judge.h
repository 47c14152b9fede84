// A classifier's verdict on samples that were asked to be of a class.
#pragma once

#include <string>

#include "steer/core/json.h"
#include "steer/objectives/objective.h"

namespace steer {

struct Verdict {
  Json figures;      // judge, share, confidence, and the share by class
  std::string text;  // the same for people
};

// The classifier at `judge` (see load_classifier) on images [N, C, H, W], of which image i was asked to be of
// class asked[i] (int64 [N]). Error where the classes asked are undefined: the objective asked for none.
Verdict judged(const std::string& judge, const Tensor& images, const Tensor& asked, torch::Device device);

// The classes asked of `samples` samples: those of the objective's targets, each for its group; undefined
// where the objective asks for none.
Tensor asked_of(const Objective& objective, int64_t samples);

}  // namespace steer
