// Figures of a model for people.
#pragma once

#include <string>

#include "steer/work/evaluation.h"

namespace steer {

// Tables and a line or two. `plural` names the samples: "images".
std::string evaluation_text(const Evaluation& found, const EvaluationOptions& options,
                            const std::string& plural);

}  // namespace steer
