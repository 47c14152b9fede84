#include "steer/codes/similarity.h"

#include <algorithm>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {

SimilarCodes similar_codes(const Tensor& given, const Tensor& codes, int64_t n, const RowDistance& distance) {
  STEER_CHECK(codes.dim() == 2 && codes.size(0) > 0 && given.dim() == 1 && given.size(0) == codes.size(1),
              "[similar_codes] expected a code [L] and a list [N, L] but got ", shape_text(given.sizes()),
              " and ", shape_text(codes.sizes()));
  const Tensor query = given.to(codes.device());
  STEER_CHECK(n >= 1, "[similar_codes] expected to look for at least one but got ", n);
  n = std::min(n, codes.size(0));
  const Tensor same = codes.eq(query).to(torch::kInt64);
  const Tensor prefix = same.cumprod(1).sum(1), agreeing = same.sum(1);
  const int64_t least = std::get<0>(prefix.topk(n)).min().item<int64_t>();
  const Tensor pool = prefix.ge(least).nonzero().squeeze(1);
  const Tensor tie = distance ? distance(pool).to(codes.device()) : agreeing.index_select(0, pool).neg();
  // Two stable sorts: the later one decides first.
  Tensor order = std::get<1>(tie.sort(/*stable=*/true, 0, false));
  const Tensor by_prefix = prefix.index_select(0, pool).index_select(0, order);
  order = order.index_select(0, std::get<1>(by_prefix.sort(/*stable=*/true, 0, true))).narrow(0, 0, n);
  const Tensor row = pool.index_select(0, order);
  return {row, prefix.index_select(0, row), agreeing.index_select(0, row)};
}

SimilarCodes nearest_rows(const Tensor& query, const Tensor& codes, const Tensor& distance, int64_t n) {
  STEER_CHECK(distance.dim() == 1 && distance.size(0) == codes.size(0) && n >= 1,
              "[nearest_rows] expected a distance of each of ", codes.size(0), " rows but got ",
              shape_text(distance.sizes()));
  const Tensor order = std::get<1>(distance.sort(/*stable=*/true, 0, false));
  const Tensor row = order.narrow(0, 0, std::min(n, codes.size(0))).to(codes.device());
  const Tensor same = codes.index_select(0, row).eq(query.to(codes.device())).to(torch::kInt64);
  return {row, same.cumprod(1).sum(1), same.sum(1)};
}

}  // namespace steer
