// Ctrl-C as a question that a long work asks between its steps.
#pragma once

namespace steer {

// From now on the first interruption (Ctrl-C or a request to end) is only noted; a second one ends the
// process at once.
void notice_interruption();
bool interruption_asked();

}  // namespace steer
