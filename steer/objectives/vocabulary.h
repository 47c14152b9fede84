// The words that objectives are made of, as data: parser, help, checks of the documentation and other doors
// read them from here.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "steer/objectives/context.h"
#include "steer/objectives/objective.h"
#include "steer/objectives/syntax.h"

namespace steer {

// One word.
struct Word {
  std::string name;  // as it is written
  std::function<std::unique_ptr<Objective>(const Call& call, const ObjectiveContext& context)> make;
};

}  // namespace steer
