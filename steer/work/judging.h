// A classifier's verdict on samples that were asked to be of a class.
#pragma once

#include <string>

#include "steer/core/class_names.h"
#include "steer/core/json.h"
#include "steer/metrics/accuracy.h"
#include "steer/objectives/objective.h"

namespace steer {

// Which classes samples were asked to be of.
struct AskedClasses {
  Tensor label;      // int64 [N], sample by sample; undefined where none is asked
  ClassNames names;  // of these labels, where they are known
};

// What a judge makes of samples.
struct Verdict {
  Json figures;  // judge, share, confidence, by_class: a share for each class, null where none was asked;
                 // classes: their names, where the judge has them
  Agreement agreement;  // the same in numbers
  ClassNames classes;   // what the judge calls them
  std::string judge;    // the classifier's path
  int64_t samples = 0;  // how many were judged
};

// The classifier at `judge` (see load_classifier) on N samples that were asked to be of these classes, which
// it knows by their names, where both have some; or all of the class that the judge calls `as` (a name or a
// number), unless this is empty. Error where no classes are asked, because the objective asked for none, and
// for a class that the judge does not know.
Verdict judged(const std::string& judge, const State& samples, const AskedClasses& asked,
               torch::Device device, const std::string& as = "");

// The classes asked of `samples` samples, int64 [samples] on the processor: those of the objective's targets,
// each for its group; undefined where the objective asks for none.
AskedClasses asked_of(const Objective& objective, int64_t samples);

}  // namespace steer
