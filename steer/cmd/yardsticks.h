// Flags that say what a task is measured with: --judge, --features, --reference.
#pragma once

#include "steer/cmd/command.h"
#include "steer/search/yardsticks.h"

namespace steer {

struct YardstickFlags {
  std::string judge, features, reference;
  bool same_judge = false;

  void add_to(CLI::App* command);

  // Loads the networks, and the features of the reference's test images; what was not asked for stays empty.
  // Error where the judge also guides by `words`, unless --same-judge.
  Yardsticks open(const std::string& words, const ImageShape& shape, torch::Device device) const;
};

}  // namespace steer
