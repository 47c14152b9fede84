// Objectives that judge several samples as one.
#pragma once

#include "steer/objectives/objective.h"

namespace steer {

// An objective whose samples come in groups of consecutive ones, each judged as a whole: parts of a mixture,
// say. Each sample of a group scores its share of what the group does, so that all scores together are the
// log-likelihood of all groups.
class CoupledObjective : public Objective {
 public:
  // How many samples a group has, at least 1. score() is an Error for samples that make no whole groups.
  virtual int64_t group() const = 0;
};

// How many consecutive samples are judged as one by any part of the objective; 1 where each is by itself.
// Whatever repeats, drops or reorders samples must refuse others.
int64_t group_of(const Objective& objective);

}  // namespace steer
