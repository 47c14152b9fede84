// Yardsticks out of words: which networks judge, and what samples are compared with.
#pragma once

#include <string>

#include "steer/search/yardsticks.h"

namespace steer {

// What a task is measured with; what is empty is not measured.
struct YardstickOptions {
  std::string judge;        // a classifier: run, checkpoint or TorchScript file
  std::string features;     // features of this classifier or TorchScript file
  std::string reference;    // a data set whose test samples are compared with; needs features
  bool same_judge = false;  // a network that guides may judge too
};

// Loads the networks onto the device, and the features of the reference's test samples, which are of this
// space. Error where the judge also guides by `words` (an objective's), unless that is allowed, and for a
// reference without features.
Yardsticks open_yardsticks(const YardstickOptions& options, const std::string& words, const Space& space,
                           torch::Device device);

}  // namespace steer
