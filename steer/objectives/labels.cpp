#include "steer/objectives/labels.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/objectives/pieces.h"

namespace steer {

void check_asked(const Tensor& asked, double temperature) {
  STEER_CHECK(asked.dim() == 1 && asked.size(0) > 0, "[label] expected classes [T], T > 0, but got ",
              shape_text(asked.sizes()));
  STEER_CHECK(std::isfinite(temperature) && temperature > 0,
              "[label] expected a temperature above 0 but got ", temperature);
}

Tensor asked_log_p(const Tensor& logits, const Tensor& asked, double temperature) {
  const Tensor p = (logits / temperature).log_softmax(1);
  const Tensor wanted = per_sample(asked, logits.size(0), "label").to(p.device());
  return p.gather(1, wanted.expand({logits.size(0)}).unsqueeze(1)).squeeze(1);
}

LabelObjective::LabelObjective(SavedNetwork classifier, Tensor asked, double temperature, std::string words)
    : classifier_(std::move(classifier)),
      asked_(std::move(asked)),
      temperature_(temperature),
      words_(std::move(words)) {
  check_asked(asked_, temperature);
}

Tensor LabelObjective::score(const State& sample) const {
  return asked_log_p(in_pieces(sample.x, classifier_), asked_, temperature_);
}

CertainObjective::CertainObjective(SavedNetwork classifier, std::string words)
    : classifier_(std::move(classifier)), words_(std::move(words)) {}

Tensor CertainObjective::score(const State& sample) const {
  const Tensor& x = sample.x;
  return in_pieces(x, classifier_).log_softmax(1).amax({1});
}

}  // namespace steer
