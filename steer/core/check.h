// The one exception of the library and the one macro that throws it.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace steer {

// Thrown for bad input and broken promises. The text is one line that a user can act on:
// `[what] where: expected this but got that`.
class Error : public std::runtime_error {
 public:
  // Control characters stand as \xNN, line breaks as spaces, and of a text above kLongestError bytes the
  // middle is left out, so that what a file or a user says can neither hide nor flood the line.
  explicit Error(const std::string& text);
};

// The most bytes of an error's text.
constexpr size_t kLongestError = 2000;

// Joins its arguments as if streamed one after the other.
template <class... Parts>
std::string joined(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

// Throws Error with the joined parts.
template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  throw Error(joined(parts...));
}

}  // namespace steer

// Throws steer::Error made of the parts unless the condition holds. The parts are evaluated only then.
#define STEER_CHECK(condition, ...)               \
  do {                                            \
    if (!(condition)) ::steer::fail(__VA_ARGS__); \
  } while (false)
