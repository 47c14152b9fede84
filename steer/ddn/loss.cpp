#include "steer/ddn/loss.h"

#include <map>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/ddn/prefix_sharing.h"

namespace steer {

ReconstructionLoss reconstruction_loss(const Network& network, const Tensor& x, const Chooser& chooser,
                                       const Condition& condition, bool share, const Forwarding& how) {
  STEER_CHECK(x.dim() == 4 && x.size(1) == network.image_channels() && x.size(2) == network.image_size() &&
                  x.size(3) == network.image_size(),
              "[ddn] expected images ",
              shape_text({-1, network.image_channels(), network.image_size(), network.image_size()}),
              " but got ", shape_text(x.sizes()));
  ReconstructionLoss result;
  std::vector<Tensor> errors;
  std::map<int64_t, Tensor> targets;
  // Rows that are told different things have no prefix in common.
  share = share && !condition.defined();
  PrefixSharing sharing(chooser, x.size(0));
  const Observer observer = [&](const LayerStep& step) {
    Tensor& target = targets[step.image.size(2)];
    if (!target.defined()) target = area_resize(x, step.image.size(2), step.image.size(3));
    const bool gather = share && sharing.place().defined();
    errors.push_back(at::mse_loss(gather ? step.image.index_select(0, sharing.place()) : step.image, target));
    const Choice& said = share ? sharing.said() : step.choice;
    result.nearest.push_back(said.nearest);
    result.second.push_back(said.second);
    result.losses.push_back(said.losses);
  };
  if (share)
    network.run(1, sharing.chooser(), observer, {}, how);
  else
    network.run(x.size(0), chooser, observer, condition, how);
  const Tensor by_layer = at::stack(errors);
  result.loss = by_layer.mean();
  result.by_layer = by_layer.detach();
  return result;
}

}  // namespace steer
