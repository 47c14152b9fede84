#include "steer/cmd/judging.h"

#include <fmt/format.h>

#include "steer/cmd/command.h"

namespace steer {

std::string verdict_text(const Verdict& verdict) {
  const Agreement& found = verdict.agreement;
  std::vector<std::vector<std::string>> rows = {{"class"}, {"met"}};
  for (int64_t i = 0; i < found.by_class.size(0); ++i) {
    const double share = found.by_class[i].item<double>();
    if (share != share) continue;  // nobody was asked for it
    rows[0].push_back(class_text(verdict.classes, i));
    rows[1].push_back(fmt::format("{:.0f} %", 100 * share));
  }
  return table(rows) +
         fmt::format(
             "judge {}: {:.1f} % of {} samples are of the class asked; mean confidence in it {:.3f}\n",
             verdict.judge, 100 * found.share, verdict.samples, found.confidence);
}

}  // namespace steer
