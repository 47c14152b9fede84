#include "steer/cmd/judge.h"

#include <fmt/format.h>

#include "steer/cmd/command.h"
#include "steer/core/check.h"
#include "steer/metrics/accuracy.h"
#include "steer/nn/saved_network.h"
#include "steer/objectives/pieces.h"

namespace steer {

Tensor asked_of(const Objective& objective, int64_t samples) {
  const Tensor asked = objective.asked();
  return asked.defined() ? per_sample(asked, samples, "judge").expand({samples}).cpu() : asked;
}

Verdict judged(const std::string& judge, const Tensor& images, const Tensor& asked, torch::Device device) {
  STEER_CHECK(asked.defined(),
              "[judge] expected an objective that asks for a class, such as label(3, classifier=...)");
  torch::NoGradGuard no_grad;
  const SavedNetwork classifier = load_classifier(judge, device);
  const Agreement result = agreement(in_pieces(images.to(device), classifier).cpu(), asked);
  Verdict verdict;
  Json shares = Json::array();
  std::vector<std::vector<std::string>> rows = {{"class"}, {"met"}};
  for (int64_t i = 0; i < result.by_class.size(0); ++i) {
    const double share = result.by_class[i].item<double>();
    shares.push_back(share == share ? Json(share) : Json());  // null for a class that nobody was asked for
    if (share != share) continue;
    rows[0].push_back(std::to_string(i));
    rows[1].push_back(fmt::format("{:.0f} %", 100 * share));
  }
  verdict.figures = {
      {"judge", judge}, {"share", result.share}, {"confidence", result.confidence}, {"by_class", shares}};
  verdict.text =
      table(rows) + fmt::format(
                        "judge {}: {:.1f} % of {} samples are of the class asked; mean confidence in it "
                        "{:.3f}\n",
                        judge, 100 * result.share, images.size(0), result.confidence);
  return verdict;
}

}  // namespace steer
