// What a DDN keeps of the rivals of its layers' nodes: from step to step, summed over ranks, and for a run
// that goes on.
#include "steer/core/check.h"
#include "steer/core/notice.h"
#include "steer/core/tensors.h"
#include "steer/models/ddn_model.h"

namespace steer {
namespace {

std::string part_of(size_t layer, const char* part) {
  return joined("rivals.", layer, ".", part);
}

}  // namespace

int64_t DdnModel::most_rivals() const {
  return options_.balance == "split" ? steer::most_rivals(options_.split) : 0;
}

Rivals* DdnModel::rivals_of(const std::vector<Layer>& layers, size_t layer) {
  const Layer& nodes = layers[layer];
  if (nodes->options.candidates < 2 || nodes->options.candidates > most_rivals()) return nullptr;
  rivals_.resize(layers.size());
  Rivals& rivals = rivals_[layer];
  const torch::Device device = nodes->counts.device();
  if (!rivals.near2.defined()) rivals = even_rivals(nodes->counts);
  // They are no part of the module, which may have moved since.
  if (rivals.near2.device() != device)
    for (Tensor* part : {&rivals.near2, &rivals.losses, &rivals.unit}) *part = part->to(device);
  return &rivals;
}

std::vector<Tensor> DdnModel::step_counts() {
  std::vector<Tensor> all;
  for (const Counted& each : counted_) all.push_back(each.times);
  for (Counted& each : counted_) {
    if (!each.second.defined()) continue;
    each.pairs = pairs_of(each.nearest, each.second, each.times.size(0));
    all.push_back(each.pairs);
    all.push_back(each.losses);
  }
  return all;
}

std::map<std::string, Tensor> DdnModel::training_state() {
  std::map<std::string, Tensor> state;
  for (size_t l = 0; l < rivals_.size(); ++l) {
    if (!rivals_[l].near2.defined()) continue;
    state[part_of(l, "near2")] = rivals_[l].near2;
    state[part_of(l, "losses")] = rivals_[l].losses;
    state[part_of(l, "unit")] = rivals_[l].unit;
  }
  return state;
}

void DdnModel::load_training_state(const std::map<std::string, Tensor>& state) {
  rivals_.clear();
  bool even = false;
  const std::vector<Layer> layers = network_->layers();
  for (size_t l = 0; l < layers.size(); ++l) {
    Rivals* const rivals = rivals_of(layers, l);
    if (!rivals) continue;
    const std::map<const char*, Tensor*> parts = {
        {"near2", &rivals->near2}, {"losses", &rivals->losses}, {"unit", &rivals->unit}};
    for (const auto& part : parts) {
      const auto found = state.find(part_of(l, part.first));
      if (found == state.end()) {
        even = even || layers[l]->counts.sum().item<double>() > 0;
        continue;
      }
      STEER_CHECK(found->second.sizes() == part.second->sizes(), "[resume] training.", found->first,
                  ": expected shape ", shape_text(part.second->sizes()), " but got ",
                  shape_text(found->second.sizes()));
      *part.second = found->second.to(part.second->device(), torch::kFloat64).clone();
    }
  }
  if (even)
    notice("the run was begun without counts of second-nearest nodes (ddn.split.near2); they begin even");
}

}  // namespace steer
