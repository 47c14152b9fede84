#include "steer/core/space.h"

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
bool operator==(const Space& a, const Space& b) {
  return a.kind == b.kind && a.sizes == b.sizes && a.limit == b.limit && a.rate_hz == b.rate_hz &&
         a.vocabulary == b.vocabulary && a.alphabet == b.alphabet;
}

bool operator!=(const Space& a, const Space& b) {
  return !(a == b);
}

Space maps_space(const MapKind& kind, int64_t channels, int64_t height, int64_t width) {
  Space space;
  space.kind = kind.kind, space.rate_hz = kind.rate_hz, space.alphabet = kind.alphabet;
  space.sizes = {channels, height, width};
  space.limit = 1;
  return space;
}

Space list_space(const MapKind& kind, int64_t values) {
  Space space = maps_space(kind, values, 1, 1);
  space.sizes = {values};
  return space;
}

MapKind map_kind(const Space& space) {
  return {space.kind, space.rate_hz, space.alphabet};
}

int64_t values_of(const Space& space) {
  int64_t values = 1;
  for (const int64_t size : space.sizes) values *= size;
  return values;
}

std::string text_of(const Space& space) {
  std::string text = space.kind;
  for (size_t i = 0; i < space.sizes.size(); ++i) text += (i ? "x" : " ") + std::to_string(space.sizes[i]);
  if (space.vocabulary > 0) text += " of " + std::to_string(space.vocabulary);
  return text;
}

Tensor within(const Space& space, const Tensor& x) {
  return space.limit > 0 ? x.clamp(-space.limit, space.limit) : x;
}

MapSizes map_sizes(const Space& space) {
  STEER_CHECK(!space.sizes.empty() && space.sizes.size() <= 3,
              "[space] expected samples of one to three sizes, as maps have, but got ", text_of(space));
  if (space.sizes.size() == 2) return {values_of(space), 1, 1};
  const auto size = [&](size_t i) { return i < space.sizes.size() ? space.sizes[i] : 1; };
  return {size(0), size(1), size(2)};
}

Tensor as_maps(const Space& space, const Tensor& x) {
  const auto [channels, height, width] = map_sizes(space);
  return x.reshape({x.size(0), channels, height, width});
}

Tensor from_maps(const Space& space, const Tensor& maps) {
  if (space.sizes.size() == 3) return maps;
  return maps.reshape(with_rows(maps.size(0), space.sizes));
}

}  // namespace steer
