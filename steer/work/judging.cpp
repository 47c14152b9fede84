#include "steer/work/judging.h"

#include "steer/core/check.h"
#include "steer/nn/saved_network.h"
#include "steer/objectives/pieces.h"

namespace steer {

AskedClasses asked_of(const Objective& objective, int64_t samples) {
  const Tensor asked = objective.asked();
  if (!asked.defined()) return {};
  return {per_sample(asked, samples, "judge").expand({samples}).cpu(), objective.asked_names()};
}

Verdict judged(const std::string& judge, const State& samples, const AskedClasses& asked,
               torch::Device device, const std::string& as) {
  STEER_CHECK(asked.label.defined() || !as.empty(),
              "[judge] expected an objective that asks for a class, such as label(3, classifier=...)");
  torch::NoGradGuard no_grad;
  const SavedNetwork classifier = load_classifier(judge, device);
  const std::string what = "[judge] " + judge;
  Verdict verdict;
  verdict.judge = judge;
  verdict.samples = samples.size();
  verdict.classes = classifier.class_names;
  const Tensor logits = in_pieces(samples.x.to(device), classifier).cpu();
  const Tensor label =
      as.empty() ? relabelled(asked.label, asked.names, classifier.class_names, what)
                 : at::full({samples.size()}, class_of(as, classifier.class_names, logits.size(1), what),
                            torch::kInt64);
  verdict.agreement = agreement(logits, label);
  Json shares = Json::array();
  for (int64_t i = 0; i < verdict.agreement.by_class.size(0); ++i) {
    const double share = verdict.agreement.by_class[i].item<double>();
    shares.push_back(share == share ? Json(share) : Json());
  }
  verdict.figures = {{"judge", judge},
                     {"share", verdict.agreement.share},
                     {"confidence", verdict.agreement.confidence},
                     {"by_class", shares}};
  if (!verdict.classes.empty()) verdict.figures["classes"] = verdict.classes;
  return verdict;
}

}  // namespace steer
