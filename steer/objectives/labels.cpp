#include "steer/objectives/labels.h"

#include <cmath>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/objectives/pieces.h"

namespace steer {

LabelObjective::LabelObjective(SavedNetwork classifier, Tensor asked, double temperature, std::string words)
    : classifier_(std::move(classifier)),
      asked_(std::move(asked)),
      temperature_(temperature),
      words_(std::move(words)) {
  STEER_CHECK(asked_.dim() == 1 && asked_.size(0) > 0, "[label] expected classes [T], T > 0, but got ",
              shape_text(asked_.sizes()));
  STEER_CHECK(std::isfinite(temperature) && temperature > 0,
              "[label] expected a temperature above 0 but got ", temperature);
}

Tensor LabelObjective::score(const State& sample) const {
  const Tensor& x = sample.x;
  const Tensor p = (in_pieces(x, classifier_) / temperature_).log_softmax(1);
  const Tensor wanted = per_sample(asked_, x.size(0), "label").to(p.device());
  return p.gather(1, wanted.expand({x.size(0)}).unsqueeze(1)).squeeze(1);
}

CertainObjective::CertainObjective(SavedNetwork classifier, std::string words)
    : classifier_(std::move(classifier)), words_(std::move(words)) {}

Tensor CertainObjective::score(const State& sample) const {
  const Tensor& x = sample.x;
  return in_pieces(x, classifier_).log_softmax(1).amax({1});
}

}  // namespace steer
