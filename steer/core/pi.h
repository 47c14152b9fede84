// The ratio of a circle's circumference to its diameter; the standard library has it from C++20 on.
#pragma once

namespace steer {

inline constexpr double kPi = 3.14159265358979323846;

}  // namespace steer
