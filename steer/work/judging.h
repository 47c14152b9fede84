// A classifier's verdict on samples that were asked to be of a class.
#pragma once

#include <string>

#include "steer/core/json.h"
#include "steer/metrics/accuracy.h"
#include "steer/objectives/objective.h"

namespace steer {

// What a judge makes of samples.
struct Verdict {
  Json figures;  // judge, share, confidence, by_class: a share for each class, null where none was asked
  Agreement agreement;  // the same in numbers
  std::string judge;    // the classifier's path
  int64_t samples = 0;  // how many were judged
};

// The classifier at `judge` (see load_classifier) on N samples, of which sample i was asked to be of class
// asked[i] (int64 [N]). Error where the classes asked are undefined, because the objective asked for none.
Verdict judged(const std::string& judge, const State& samples, const Tensor& asked, torch::Device device);

// The classes asked of `samples` samples, int64 [samples] on the processor: those of the objective's targets,
// each for its group; undefined where the objective asks for none.
Tensor asked_of(const Objective& objective, int64_t samples);

}  // namespace steer
