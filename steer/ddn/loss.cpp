#include "steer/ddn/loss.h"

#include <map>

#include "steer/core/check.h"
#include "steer/core/tensors.h"
#include "steer/ddn/prefix_sharing.h"

namespace steer {

namespace {

// Of the rows where `counts` (bool [B]) is set; 0 where there are none.
Tensor mean_error(const Tensor& image, const Tensor& target, const Tensor& counts) {
  const Tensor each = at::mse_loss(image, target, at::Reduction::None).flatten(1).mean(1);
  const Tensor weight = counts.to(each.device(), each.scalar_type());
  return (each * weight).sum() / weight.sum().clamp_min(1);
}

}  // namespace

ReconstructionLoss reconstruction_loss(const Network& network, const Tensor& x, const Chooser& chooser,
                                       const Condition& condition, bool share, const Forwarding& how,
                                       const Tensor& held) {
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
    const Tensor image = gather ? step.image.index_select(0, sharing.place()) : step.image;
    errors.push_back(held.defined() ? mean_error(image, target, held <= step.layer)
                                    : at::mse_loss(image, target));
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
