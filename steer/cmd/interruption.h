// Ctrl-C as a question that a long work asks between its steps.
#pragma once

#include "steer/core/interruption.h"

namespace steer {

// From now on the first interruption (Ctrl-C, a request to end, a terminal that closes) is only noted
// (interruption_asked); a second one of the kind ends the process at once. Under nohup a terminal may close.
void notice_interruption();

}  // namespace steer
