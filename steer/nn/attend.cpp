#include "steer/nn/attend.h"

#include <torch/nn.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "steer/core/check.h"
#include "steer/core/host.h"

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

// So many weights are in memory at once, and so many queries of those that see different keys.
constexpr int64_t kWeightsAtOnce = int64_t{1} << 23;
constexpr int64_t kQueriesAtOnce = 64;

// Keys that stand one after another.
struct Run {
  int64_t first, count;
};

// Which of S keys a query sees. Causal queries need no table of all: memory grows with T alone.
struct Seen {
  Tensor table;  // bool [1 or B, 1 or T, S]; empty: every key
  bool causal;   // each query those up to its own; T = S

  bool everything() const { return !causal && table.numel() == 0; }
  bool differs() const { return causal || (table.numel() > 0 && table.size(1) > 1); }
  // Of some queries: bool [1 or B, 1 or queries, S].
  Tensor of(int64_t query, int64_t queries, int64_t S) const {
    if (!causal) return differs() ? table.narrow(1, query, queries) : table;
    return (at::arange(S) <= at::arange(query, query + queries).unsqueeze(1)).unsqueeze(0);
  }
};

// Runs of the keys that any query sees. `sees` bool [1 or B, queries, S].
std::vector<Run> runs_of(const Tensor& sees) {
  const Tensor some = sees.flatten(0, 1).any(0);
  const bool* seen = some.data_ptr<bool>();
  std::vector<Run> runs;
  for (int64_t key = 0; key < some.numel(); ++key) {
    if (!seen[key]) continue;
    if (!runs.empty() && runs.back().first + runs.back().count == key)
      ++runs.back().count;
    else
      runs.push_back({key, 1});
  }
  return runs;
}

// Some heads, queries and the keys that these see, of tensors [R, T, d] with R = B H.
struct Part {
  int64_t head, heads, query, queries;
  std::vector<Run> keys;

  Tensor of_queries(const Tensor& x) const { return x.narrow(0, head, heads).narrow(1, query, queries); }
  // x [R, S, d] or [1 or B, 1 or T, S] along `at`.
  Tensor of_keys(const Tensor& x, int64_t at) const {
    std::vector<Tensor> some;
    for (const Run& run : keys) some.push_back(x.narrow(at, run.first, run.count));
    return some.size() == 1 ? some[0] : at::cat(some, at);
  }
  Tensor of_keys(const Tensor& x) const { return of_keys(x.narrow(0, head, heads), 1); }
  // Adds to the keys' part of x [R, S, d].
  void add_of_keys(const Tensor& x, const Tensor& more) const {
    int64_t at = 0;
    for (const Run& run : keys) {
      x.narrow(0, head, heads).narrow(1, run.first, run.count).add_(more.narrow(1, at, run.count));
      at += run.count;
    }
  }
};

// All parts of an attention.
std::vector<Part> parts_of(int64_t R, int64_t T, int64_t S, const Seen& seen) {
  const int64_t most = seen.differs() ? kQueriesAtOnce : T;
  const int64_t queries = std::max<int64_t>(1, std::min({T, kWeightsAtOnce / S, most}));
  std::vector<Part> parts;
  for (int64_t query = 0; query < T; query += queries) {
    const int64_t count = std::min(queries, T - query);
    const std::vector<Run> keys =
        seen.everything() ? std::vector<Run>{{0, S}} : runs_of(seen.of(query, count, S));
    int64_t width = 0;
    for (const Run& run : keys) width += run.count;
    if (width == 0) continue;
    const int64_t heads = std::max<int64_t>(1, kWeightsAtOnce / (count * width));
    for (int64_t head = 0; head < R; head += heads)
      parts.push_back({head, std::min(heads, R - head), query, count, keys});
  }
  return parts;
}

// The weights of a part, whose keys of S are k, of H heads each.
Tensor weights_of(const Part& part, const Tensor& q, const Tensor& k, const Seen& seen, int64_t S,
                  int64_t H) {
  Tensor score = at::bmm(part.of_queries(q), k.transpose(1, 2));
  if (seen.everything()) return score.softmax(-1);
  Tensor some = part.of_keys(seen.of(part.query, part.queries, S), 2);
  if (some.all().item<bool>()) return score.softmax(-1);
  if (some.size(0) > 1)
    some = some.index_select(0, at::arange(part.head, part.head + part.heads, torch::kInt64).div(H, "floor"));
  // Filling by a mask is no vector operation in libtorch, adding is.
  return score.add_(at::zeros(some.sizes(), score.options()).masked_fill_(some.logical_not(), -INFINITY))
      .softmax(-1);
}

// Attention whose weights are made a part at a time, and again for the gradient: large products of many heads
// are faster than the library's kernel, which multiplies head by head, and keys that a part sees nothing of
// are left out (docs/benchmarks.md).
struct PartwiseAttention : torch::autograd::Function<PartwiseAttention> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& given_q,
                        const Tensor& given_k, const Tensor& given_v, const Tensor& sees, bool causal) {
    const Seen seen = {sees, causal};
    const int64_t H = given_q.size(1), T = given_q.size(2), S = given_k.size(2), d = given_q.size(3);
    const Tensor q = (given_q / std::sqrt(static_cast<double>(d))).flatten(0, 1), k = given_k.flatten(0, 1),
                 v = given_v.flatten(0, 1), out = at::zeros_like(q);
    for (const Part& part : parts_of(q.size(0), T, S, seen))
      part.of_queries(out).copy_(at::bmm(weights_of(part, q, part.of_keys(k), seen, S, H), part.of_keys(v)));
    context->save_for_backward({q, k, v, sees});
    context->saved_data["H"] = H, context->saved_data["causal"] = causal;
    return out.view(given_q.sizes());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &q = saved[0], &k = saved[1], &v = saved[2];
    const Seen seen = {saved[3], context->saved_data["causal"].toBool()};
    const int64_t H = context->saved_data["H"].toInt(), T = q.size(1), S = k.size(1);
    const Tensor d_out = gradients[0].flatten(0, 1).to(q.scalar_type());
    const Tensor dq = at::zeros_like(q), dk = at::zeros_like(k), dv = at::zeros_like(v);
    for (const Part& part : parts_of(q.size(0), T, S, seen)) {
      const Tensor some_k = part.of_keys(k), dy = part.of_queries(d_out);
      const Tensor p = weights_of(part, q, some_k, seen, S, H);
      const Tensor dp = at::bmm(dy, part.of_keys(v).transpose(1, 2));
      const Tensor ds = at::_softmax_backward_data(dp, p, -1, p.scalar_type());
      part.add_of_keys(dv, at::bmm(p.transpose(1, 2), dy));
      part.of_queries(dq).copy_(at::bmm(ds, some_k));
      part.add_of_keys(dk, at::bmm(ds.transpose(1, 2), part.of_queries(q)));
    }
    const auto heads = [&](const Tensor& x) { return x.view({-1, H, x.size(1), x.size(2)}); };
    return {heads(dq / std::sqrt(static_cast<double>(q.size(2)))), heads(dk), heads(dv), {}, {}};
  }
};

Tensor attended(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, bool causal) {
  const bool learns =
      torch::GradMode::is_enabled() && (q.requires_grad() || k.requires_grad() || v.requires_grad());
  if (learns && on_host(q)) {
    const auto flags = q.options().dtype(torch::kBool).requires_grad(false);
    // [1 or B, 1 or T, S]
    const Tensor sees = !mask.defined()   ? at::empty({0}, flags)
                        : mask.dim() == 4 ? mask.squeeze(1)
                                          : mask.unsqueeze(0);
    return PartwiseAttention::apply(q, k, v, sees, causal);
  }
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
