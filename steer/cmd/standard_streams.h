// Standard input, output and error as a program may be given them: closed, full, or gone.
#pragma once

namespace steer {

// Puts something in the place of each that is closed, so that no file which is opened later takes its number
// and gets what was meant for it. Reading from it, and writing to it, fails as if it were closed.
void hold_standard_streams();

// Whether everything that was printed arrived; one line on standard error where it did not.
bool standard_output_arrived();

}  // namespace steer
