#include "steer/models/model.h"

namespace steer {

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

}  // namespace steer
