#include "steer/data/skipped.h"

#include <utility>

#include "steer/core/check.h"

namespace steer {
namespace {

struct SkippedAlike {
  const Skipped* first;
  int64_t count;
};

}  // namespace

std::string text_of(const std::vector<Skipped>& skipped) {
  std::vector<SkippedAlike> kinds;
  for (const Skipped& one : skipped) {
    auto kind = kinds.begin();
    while (kind != kinds.end() && kind->first->reason != one.reason) ++kind;
    if (kind == kinds.end())
      kinds.push_back({&one, 1});
    else
      ++kind->count;
  }
  std::string text;
  for (const auto& [first, count] : kinds) {
    text += joined(text.empty() ? "skipped: " : ", ", count, " ", first->reason);
    if (first->reason.front() == '.') continue;
    text += " (" + first->name + (first->detail.empty() ? "" : ": " + first->detail) + ")";
  }
  return text;
}

}  // namespace steer
