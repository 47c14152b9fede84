#include "steer/ddn/node_balance.h"

#include "steer/core/check.h"
#include "steer/core/host.h"
#include "steer/core/notice.h"
#include "steer/core/tensors.h"
#include "steer/ddn/node_bias.h"

namespace steer {
namespace {

// A node counts as used when it was nearest to one of this many last training samples.
constexpr int64_t kUsageWindow = 10000;

std::string rival_part(size_t layer, const char* part) {
  return joined("rivals.", layer, ".", part);
}

}  // namespace

NodeBalance::NodeBalance(std::vector<Layer> layers, std::vector<size_t> layer_of, BalanceRule rule)
    : layers_(std::move(layers)),
      layer_of_(std::move(layer_of)),
      rule_(std::move(rule)),
      rivals_(layers_.size()) {
  if (rule_.name == "bias")
    for (Layer& layer : layers_) add_node_bias(layer);
}

int64_t NodeBalance::most_rivals() const {
  return rule_.name == "split" ? steer::most_rivals(rule_.split) : 0;
}

std::vector<Tensor> NodeBalance::bias() const {
  std::vector<Tensor> all;
  if (rule_.name != "bias") return all;
  for (const size_t layer : layer_of_) all.push_back(layers_[layer]->bias);
  return all;
}

void NodeBalance::count(const std::vector<NodesAsked>& asked) {
  counted_.clear();
  for (size_t l = 0; l < asked.size(); ++l)
    counted_.push_back(
        {times_nearest(asked[l].nearest, layers_[layer_of_[l]]->options.candidates), asked[l], Tensor()});
}

Rivals* NodeBalance::rivals_of(size_t layer) {
  const Layer& nodes = layers_[layer];
  if (nodes->options.candidates < 2 || nodes->options.candidates > most_rivals()) return nullptr;
  Rivals& rivals = rivals_[layer];
  const torch::Device device = nodes->counts.device();
  if (!rivals.near2.defined()) rivals = even_rivals(nodes->counts);
  // They are no part of the module, which may have moved since.
  if (rivals.near2.device() != device)
    for (Tensor* part : {&rivals.near2, &rivals.losses, &rivals.unit}) *part = part->to(device);
  return &rivals;
}

std::vector<Tensor> NodeBalance::step_counts() {
  std::vector<Tensor> all;
  for (const Counted& each : counted_) all.push_back(each.times);
  for (Counted& each : counted_) {
    if (!each.asked.second.defined()) continue;
    each.pairs = pairs_of(each.asked.nearest, each.asked.second, each.times.size(0));
    all.push_back(each.pairs);
    all.push_back(each.asked.losses);
  }
  return all;
}

std::vector<std::pair<std::string, Tensor>> NodeBalance::after_step(int64_t step, const Adam* adam,
                                                                    const Ema* ema) {
  torch::NoGradGuard no_grad;
  for (size_t l = 0; l < layers_.size(); ++l) rivals_of(l);  // made of the counts of before
  for (size_t l = 0; l < counted_.size(); ++l) {
    const Counted& c = counted_[l];
    record(layers_[layer_of_[l]], c.times, rule_.split.half_life_images);
    if (Rivals* rivals = rivals_of(layer_of_[l]))
      record(*rivals, c.times, c.asked.losses, c.pairs, c.asked.nearest, c.asked.second,
             rule_.split.half_life_images);
  }
  counted_.clear();
  Tensor splits = at::zeros({}, layers_[0]->counts.options());
  double nodes = 0;
  std::vector<Tensor> used;
  for (size_t l = 0; l < layers_.size(); ++l) {
    Layer& layer = layers_[l];
    Rivals* const rivals = rivals_of(l);
    if (rule_.name == "split" && step % rule_.split.every_steps == 0) {
      if (on_host(layer->counts))
        splits += static_cast<double>(split_and_prune(layer, rule_.split, adam, ema, rivals).size());
      else
        splits += split_and_prune_there(layer, rule_.split, adam, ema, rivals);
    }
    if (rule_.name == "bias") update_node_bias(layer, rule_.bias_rate);
    used.push_back((layer->idle < kUsageWindow).sum());
    nodes += static_cast<double>(layer->options.candidates);
  }
  return {{"splits", splits}, {"nodes_used", at::stack(used).sum() / nodes}};
}

std::map<std::string, Tensor> NodeBalance::training_state() const {
  std::map<std::string, Tensor> state;
  for (size_t l = 0; l < rivals_.size(); ++l) {
    if (!rivals_[l].near2.defined()) continue;
    state[rival_part(l, "near2")] = rivals_[l].near2;
    state[rival_part(l, "losses")] = rivals_[l].losses;
    state[rival_part(l, "unit")] = rivals_[l].unit;
  }
  return state;
}

void NodeBalance::load_training_state(const std::map<std::string, Tensor>& state) {
  rivals_.assign(layers_.size(), Rivals());
  bool even = false;
  for (size_t l = 0; l < layers_.size(); ++l) {
    Rivals* const rivals = rivals_of(l);
    if (!rivals) continue;
    const std::map<const char*, Tensor*> parts = {
        {"near2", &rivals->near2}, {"losses", &rivals->losses}, {"unit", &rivals->unit}};
    for (const auto& part : parts) {
      const auto found = state.find(rival_part(l, part.first));
      if (found == state.end()) {
        even = even || layers_[l]->counts.sum().item<double>() > 0;
        continue;
      }
      STEER_CHECK(found->second.sizes() == part.second->sizes(), "[resume] training.", found->first,
                  ": expected shape ", shape_text(part.second->sizes()), " but got ",
                  shape_text(found->second.sizes()));
      *part.second = found->second.to(part.second->device(), torch::kFloat64).clone();
    }
  }
  if (even) notice("the run was begun without counts of second-nearest nodes (split.near2); they begin even");
}

}  // namespace steer
