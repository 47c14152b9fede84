// A judge's verdict for people.
#pragma once

#include <string>

#include "steer/work/judging.h"

namespace steer {

// A table of the share of each class asked, and a line on all samples.
std::string verdict_text(const Verdict& verdict);

}  // namespace steer
