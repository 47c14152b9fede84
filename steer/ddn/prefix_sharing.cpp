#include "steer/ddn/prefix_sharing.h"

#include "steer/core/check.h"

namespace steer {

PrefixSharing::PrefixSharing(Chooser chooser, int64_t rows) : inner_(std::move(chooser)), rows_(rows) {
  STEER_CHECK(rows >= 1, "[prefix_sharing] expected at least one row but got ", rows);
}

Chooser PrefixSharing::chooser() {
  return [this](const Candidates& candidates, int64_t layer) { return choose(candidates, layer); };
}

Choice PrefixSharing::choose(const Candidates& candidates, int64_t layer) {
  if (!shared_) {
    place_ = Tensor();
    return said_ = inner_(candidates, layer);
  }
  const auto options = at::TensorOptions().dtype(torch::kInt64).device(candidates.device());
  if (layer == 0) place_ = at::zeros({rows_}, options);
  const Choice& choice = said_ = inner_(candidates.of_rows(place_), layer);
  STEER_CHECK(!choice.row.defined(), "[prefix_sharing] expected a chooser that keeps the rows");
  const int64_t count = candidates.count(), prefixes = candidates.rows() * count;
  if (2 * prefixes > rows_) {
    shared_ = false;
    const Tensor row = place_;
    place_ = Tensor();
    return {choice.index, row, choice.nearest};
  }
  place_ = place_ * count + choice.index;
  const Tensor all = at::arange(prefixes, options);
  return {at::remainder(all, count), at::div(all, count, "floor"), {}};
}

}  // namespace steer
