// The processes of a group of torch.distributed as those that train one model together.
#pragma once

#include "python/_steer.h"
#include "steer/train/together.h"

namespace steer {

// Of None this process alone. The group's sums run without Python's lock, and no signal is handled within
// one, so that a step is made by all or by none. TypeError for what is no group, or one that this process is
// not in; Error out of a sum where another process has gone. With the lock.
Together together_of(const py::object& group);

}  // namespace steer
