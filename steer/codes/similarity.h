// Codes that begin alike: the nearest entries of a list of codes by their longest shared prefix.
#pragma once

#include <torch/types.h>

#include <functional>

namespace steer {

using torch::Tensor;

// Entries of the list, and what they share with the query.
struct SimilarCodes {
  Tensor row;       // int64 [n], rows of the list, nearest first
  Tensor prefix;    // int64 [n], layers from the first on that agree with the query
  Tensor agreeing;  // int64 [n], layers that agree, wherever they stand
};

// How far rows of the list (int64 [M]) are from the query: [M], smaller is nearer.
using RowDistance = std::function<Tensor(const Tensor& rows)>;

// The n (at most N) rows of `codes` int64 [N, L] that share the longest prefix with `query` int64 [L]. Equal
// prefixes are ordered by `distance`, asked only of rows whose prefix is long enough to be among the n, or,
// where it is empty, by how many of the other layers agree; then by row.
SimilarCodes similar_codes(const Tensor& query, const Tensor& codes, int64_t n,
                           const RowDistance& distance = {});

// The n (at most N) rows of least `distance` [N], nearest first, and what their codes share with the query.
SimilarCodes nearest_rows(const Tensor& query, const Tensor& codes, const Tensor& distance, int64_t n);

}  // namespace steer
