#include "steer/ddn/network.h"

#include <cmath>

#include "steer/core/check.h"

namespace steer {

Generated Network::run(int64_t rows, const Chooser& chooser, const Observer& observer,
                       const Condition& condition, const Forwarding& how) const {
  STEER_CHECK(rows > 0, "[ddn] expected at least one row but got ", rows);
  const bool wanted = condition_options_.type != "none";
  STEER_CHECK(condition.defined() == wanted, "[ddn] expected ",
              wanted ? "a condition of type " + condition_options_.type : "no condition", " but got ",
              wanted ? "none" : "one");
  STEER_CHECK(!wanted || condition.maps.size(0) == rows, "[ddn] expected a condition for each of ", rows,
              " rows but got ", wanted ? condition.maps.size(0) : 0);
  return forward(rows, chooser, observer, condition, how);
}

double Network::latent_bits() const {
  double bits = 0;
  for (const LayerShape& shape : shapes()) bits += std::log2(static_cast<double>(shape.candidates));
  return bits;
}

void Passage::choose(const Layer& layer, int64_t application, const Chooser& chooser,
                     const Observer& observer) {
  const Candidates candidates = layer->candidates(h, image).after(code).expecting(expected);
  const Choice choice = chooser(candidates, application);
  STEER_CHECK(choice.index.defined() && choice.index.dim() == 1, "[ddn] layer ", application,
              ": expected the chooser to give indices [N]");
  const Chosen chosen = candidates.at(choice.index, choice.row);
  image = chosen.image;
  leak = chosen.leak;
  if (choice.row.defined()) {
    h = h.index_select(0, choice.row);
    if (code.defined()) code = code.index_select(0, choice.row);
    if (expected.defined()) expected = expected.index_select(0, choice.row);
    if (log_prior.defined()) log_prior = log_prior.index_select(0, choice.row);
    condition = condition.at(choice.row);
  }
  const Tensor column = choice.index.unsqueeze(1);
  code = code.defined() ? at::cat({code, column}, 1) : column;
  if (expected.defined()) {
    const Tensor said = expected.gather(1, column);
    log_prior = log_prior.defined() ? at::cat({log_prior, said}, 1) : said;
  }
  if (observer) observer(LayerStep{application, choice, image, code});
}

}  // namespace steer
