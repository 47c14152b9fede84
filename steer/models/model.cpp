#include "steer/models/model.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/models/facts.h"

namespace steer {

Facts Model::facts() const {
  return {};
}

Tensor Model::preview(int64_t, const State&) {
  return {};
}

void Model::set_recompute(bool recompute) {
  STEER_CHECK(!recompute, "[options] train.recompute: expected false for a ", family(), " but got true");
}

NamedTensors Model::trainable_parameters() {
  NamedTensors named;
  for (const auto& item : module().named_parameters())
    if (item.value().requires_grad()) named.emplace_back(item.key(), item.value());
  return named;
}

int64_t Model::parameter_count() {
  int64_t count = 0;
  for (const auto& [name, parameter] : trainable_parameters()) count += parameter.numel();
  return count;
}

uint64_t weight_fingerprint(const torch::nn::Module& module) {
  std::map<std::string, Tensor> parameters;
  for (const auto& item : module.named_parameters()) parameters[item.key()] = item.value().detach();
  uint64_t state = 0;
  const auto add = [&](const void* bytes, size_t count) {
    state = derive_seed(state, count);
    for (size_t at = 0; at < count; at += sizeof(uint64_t)) {
      uint64_t word = 0;
      std::memcpy(&word, static_cast<const char*>(bytes) + at, std::min(count - at, sizeof(uint64_t)));
      state = derive_seed(state, word);
    }
  };
  for (const auto& [name, parameter] : parameters) {
    const Tensor values = parameter.to(torch::kCPU, torch::kFloat32).contiguous();
    add(name.data(), name.size());
    add(values.sizes().data(), values.sizes().size() * sizeof(int64_t));
    add(values.data_ptr(), values.nbytes());
  }
  return state;
}

}  // namespace steer
