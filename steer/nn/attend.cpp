#include "steer/nn/attend.h"

#include <torch/version.h>

#include <cmath>

#include "steer/core/check.h"

namespace steer {
namespace {

constexpr double kLongestTurn = 10000;

// Which key (column) a query (row) sees, bool [T, S]; undefined: every one.
Tensor seen(const Sight& sight, int64_t queries, int64_t keys, const torch::TensorOptions& where) {
  if (sight.kind == "all") return {};
  const Tensor column = at::arange(keys, where).unsqueeze(0);
  const Tensor row = at::arange(keys - queries, keys, where).unsqueeze(1);
  if (sight.kind == "causal") return column <= row;
  const auto block_of = [&](const Tensor& place) { return place.div(sight.block, "floor"); };
  return block_of(column) <= block_of(row);
}

// Of noised queries: T noised keys and then T clean ones, bool [T, 2 T].
Tensor seen_by_noised(const Sight& sight, int64_t tokens, const torch::TensorOptions& where) {
  const Tensor block = at::arange(tokens, where).div(sight.block, "floor");
  const Tensor column = block.unsqueeze(0), row = block.unsqueeze(1);
  return at::cat({column == row, column < row}, 1);
}

Tensor attended(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, bool causal) {
#if TORCH_VERSION_MAJOR >= 2
  return at::scaled_dot_product_attention(
      q, k, v, mask.defined() ? c10::optional<Tensor>(mask) : c10::nullopt, 0.0, causal);
#else
  Tensor weight =
      at::matmul(q, k.transpose(-2, -1)).to(torch::kFloat32) / std::sqrt(static_cast<double>(q.size(-1)));
  const Tensor sees =
      causal ? at::ones({q.size(2), k.size(2)}, q.options().dtype(torch::kBool)).tril() : mask;
  if (sees.defined()) weight = weight.masked_fill(sees.logical_not(), -INFINITY);
  return at::matmul(weight.softmax(-1).to(v.scalar_type()), v);
#endif
}

Tensor with_present(const Tensor& mask, const Tensor& present) {
  if (!present.defined()) return mask;
  const Tensor keys = present.unsqueeze(1).unsqueeze(1);  // [B, 1, 1, S]
  return mask.defined() ? keys & mask : keys;
}

}  // namespace

void check(const Sight& sight) {
  STEER_CHECK(sight.kind == "all" || sight.kind == "causal" || sight.kind == "blocks",
              "[attend] expected a sight all, causal or blocks but got \"", sight.kind, "\"");
  STEER_CHECK(sight.block >= 1, "[attend] expected blocks of at least 1 token but got ", sight.block);
  STEER_CHECK(!sight.doubled || sight.kind == "blocks",
              "[attend] expected blocks where noised and clean tokens go together");
}

Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const Sight& sight) {
  check(sight);
  const int64_t queries = q.size(2), keys = k.size(2);
  STEER_CHECK(keys >= queries && (keys == queries || (!sight.doubled && !sight.present.defined())),
              "[attend] expected at least as many keys as queries but got ", keys, " and ", queries);
  const auto where = at::TensorOptions(q.device()).dtype(torch::kInt64);
  if (sight.doubled) {
    const int64_t half = queries / 2;
    Sight clean = sight;
    clean.doubled = false;
    if (sight.present.defined()) clean.present = sight.present.narrow(1, half, half);
    const Tensor mask = with_present(seen_by_noised(sight, half, where), sight.present);
    return at::cat({attended(q.narrow(2, 0, half), k, v, mask, false),
                    attend(q.narrow(2, half, half), k.narrow(2, half, half), v.narrow(2, half, half), clean)},
                   2);
  }
  if (sight.kind == "causal" && keys == queries && !sight.present.defined())
    return attended(q, k, v, {}, true);
  // One query at the end, or a last block, sees all there is.
  const bool everything = queries == 1 || (sight.kind == "blocks" && keys % sight.block == 0 &&
                                           queries <= sight.block && !sight.present.defined());
  const Tensor mask = everything ? Tensor() : seen(sight, queries, keys, where);
  return attended(q, k, v, with_present(mask, sight.present), false);
}

Tensor rotated(const Tensor& x, const Tensor& place) {
  const int64_t half = x.size(-1) / 2;
  STEER_CHECK(x.size(-1) == 2 * half && place.dim() == 1 && place.size(0) == x.size(2),
              "[rotated] expected an even size and a place for each of ", x.size(2), " tokens but got ",
              x.size(-1), " and ", place.numel());
  const auto type = at::TensorOptions(x.device()).dtype(torch::kFloat32);
  const Tensor turn = at::exp(at::arange(half, type) * (-std::log(kLongestTurn) / static_cast<double>(half)));
  const Tensor angle = place.to(torch::kFloat32).unsqueeze(1) * turn;
  const Tensor cos = at::cat({angle.cos(), angle.cos()}, 1).to(x.scalar_type());
  const Tensor sin = at::cat({-angle.sin(), angle.sin()}, 1).to(x.scalar_type());
  const Tensor other = at::cat({x.narrow(-1, half, half), x.narrow(-1, 0, half)}, -1);
  return x * cos + other * sin;
}

}  // namespace steer
