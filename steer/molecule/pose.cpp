#include "steer/molecule/pose.h"

#include "steer/nn/egnn.h"

namespace steer {
namespace {

constexpr int64_t kAxesOfSpace = 3;
constexpr double kThere = 0.5;  // of the largest type

// Signs that make these numbers [N] positive; 1 for zero.
Tensor signs_of(const Tensor& values) {
  return at::where(values < 0, -at::ones_like(values), at::ones_like(values));
}

}  // namespace

Tensor posed_molecules(const Tensor& x) {
  const Tensor position = x.narrow(2, 0, kAxesOfSpace).to(torch::kFloat64);
  const Tensor spread = position.transpose(1, 2).matmul(position);  // [N, 3, 3]
  // Eigenvalues rise, so that the last vector is that of greatest extent.
  const Tensor axes = std::get<1>(at::linalg_eigh(spread)).flip(2);
  Tensor along = position.matmul(axes);
  const Tensor third = along.pow(3).sum(1);
  const Tensor first = signs_of(third.select(1, 0)), second = signs_of(third.select(1, 1));
  // The third sign keeps the handedness of the molecule.
  const Tensor last = first * second * signs_of(at::linalg_det(axes));
  along = along * at::stack({first, second, last}, 1).unsqueeze(1);
  return at::cat({along.to(x.scalar_type()), x.narrow(2, kAxesOfSpace, x.size(2) - kAxesOfSpace)}, 2);
}

State finished_molecules(const Tensor& x) {
  const Tensor type = x.narrow(2, kAxesOfSpace, x.size(2) - kAxesOfSpace).amax(2);
  const Tensor likeliest = type.argmax(1, true);
  const Tensor number = at::arange(x.size(1), likeliest.options()).unsqueeze(0);
  State state;
  state.mask = (type > kThere) | (number == likeliest);
  state.x = centred(x, state.mask);
  return state;
}

}  // namespace steer
