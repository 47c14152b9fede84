// Where the time of a piece of work goes, by libtorch operation.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace steer::bench {

// Seconds that `work` spends in each operation itself (not in those it calls), longest first. What is left of
// the whole is kernels of our own and the host's code; it goes by the name "other".
std::vector<std::pair<std::string, double>> profile_of(const std::function<void()>& work);

}  // namespace steer::bench
