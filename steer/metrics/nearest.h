// Which members of a set are nearest to some points: whether a model repeats what it was trained on.
#pragma once

#include <torch/types.h>

namespace steer {

using torch::Tensor;

// Of each of M points; distances are rounded by about 1e-3 of the points' lengths.
struct Nearest {
  Tensor index;          // int64 [M]: place of the nearest member
  Tensor first, second;  // float32 [M]: Euclidean distances of the nearest and of the next
};

// Looks at a set in pieces, so that it need not lie in memory.
class NearestSearch {
 public:
  // Of points [M, D].
  explicit NearestSearch(const Tensor& points);

  // The next members [n, D] of the set.
  void add(const Tensor& members);

  // So far; distances are infinite where there was no member, or no second one.
  const Nearest& found() const { return found_; }

 private:
  Tensor points_;
  Nearest found_;
  int64_t seen_ = 0;
};

// Share of points that repeat their nearest member: at most a third as far from it as from any other (Yoon et
// al., "Diffusion probabilistic models generalize when they fail to memorize", 2023), or nearer than `hair`.
double share_repeated(const Nearest& nearest, double hair);

}  // namespace steer
