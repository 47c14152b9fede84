#include "steer/work/judging.h"

#include "steer/core/check.h"
#include "steer/nn/saved_network.h"
#include "steer/objectives/pieces.h"

namespace steer {

Tensor asked_of(const Objective& objective, int64_t samples) {
  const Tensor asked = objective.asked();
  return asked.defined() ? per_sample(asked, samples, "judge").expand({samples}).cpu() : asked;
}

Verdict judged(const std::string& judge, const State& samples, const Tensor& asked, torch::Device device) {
  STEER_CHECK(asked.defined(),
              "[judge] expected an objective that asks for a class, such as label(3, classifier=...)");
  torch::NoGradGuard no_grad;
  const SavedNetwork classifier = load_classifier(judge, device);
  Verdict verdict;
  verdict.judge = judge;
  verdict.samples = samples.size();
  verdict.agreement = agreement(in_pieces(samples.x.to(device), classifier).cpu(), asked);
  Json shares = Json::array();
  for (int64_t i = 0; i < verdict.agreement.by_class.size(0); ++i) {
    const double share = verdict.agreement.by_class[i].item<double>();
    shares.push_back(share == share ? Json(share) : Json());
  }
  verdict.figures = {{"judge", judge},
                     {"share", verdict.agreement.share},
                     {"confidence", verdict.agreement.confidence},
                     {"by_class", shares}};
  return verdict;
}

}  // namespace steer
