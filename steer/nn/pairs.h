// Sums over ordered pairs of atoms of one molecule: what an equivariant graph network is made of, without
// copies of the atoms' features for each pair.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace steer {

using torch::Tensor;

// All ordered pairs (i, j), i not j, of the atoms of each of B molecules. Atoms of all molecules stand one
// after the other, V in all; pairs too, E in all, by molecule, then i, then j.
class AtomPairs {
 public:
  // Of molecules of so many atoms each, on this device.
  explicit AtomPairs(const std::vector<int64_t>& atoms, torch::Device device = torch::kCPU);

  int64_t molecules() const { return static_cast<int64_t>(atom_begin_.size()) - 1; }  // B
  int64_t atoms() const { return atom_begin_.back(); }                                // V
  int64_t pairs() const { return pair_begin_.back(); }                                // E
  // Where the atoms and the pairs of molecule b begin; entry B is V, or E.
  const std::vector<int64_t>& atom_begin() const { return atom_begin_; }
  const std::vector<int64_t>& pair_begin() const { return pair_begin_; }
  const Tensor& first() const { return first_; }    // i of each pair, int64 [E]
  const Tensor& second() const { return second_; }  // j of each pair, int64 [E]

 private:
  std::vector<int64_t> atom_begin_, pair_begin_;
  Tensor first_, second_;
};

// Pairs that several functions, and their gradients, refer to.
using SharedPairs = std::shared_ptr<const AtomPairs>;

// |x_i - x_j|^2 of each pair: x [V, 3] -> [E, 1]. All functions below are differentiable once; on the
// processor they are fused loops for float32 (features may be bfloat16, sums are float32), whose results do
// not depend on what else is in the batch; elsewhere plain operations.
Tensor pair_squares(const Tensor& x, const SharedPairs& pairs);
Tensor pair_squares_plain(const Tensor& x, const SharedPairs& pairs);

// x_i + the sum over j of range tanh(phi_ij) (x_i - x_j) / (sqrt(|x_i - x_j|^2 + 1e-8) + 1), x [V, 3] and
// phi [E] -> [V, 3] (Hoogeboom et al. 2022, appendix).
Tensor moved_by_pairs(const Tensor& x, const Tensor& phi, double range, const SharedPairs& pairs);
Tensor moved_by_pairs_plain(const Tensor& x, const Tensor& phi, double range, const SharedPairs& pairs);

// silu(p_i + q_j + d w) of each pair: p and q [V, H], d [E, k] float, w [k, H] float -> [E, H] of p's type.
// p_i + q_j + d w is what a linear layer makes of (h_i, h_j, d) whose products with atoms are taken once.
Tensor pair_silu(const Tensor& p, const Tensor& q, const Tensor& d, const Tensor& w,
                 const SharedPairs& pairs);
Tensor pair_silu_plain(const Tensor& p, const Tensor& q, const Tensor& d, const Tensor& w,
                       const SharedPairs& pairs);

// The sum over j of sigmoid(m a + c) m with m = silu(v) of the pairs (i, j): v [E, H], a [H], c [1] float ->
// float [V, H] (messages with attention, Satorras et al. 2021).
Tensor gated_sums(const Tensor& v, const Tensor& a, const Tensor& c, const SharedPairs& pairs);
Tensor gated_sums_plain(const Tensor& v, const Tensor& a, const Tensor& c, const SharedPairs& pairs);

// silu(v) w of each pair: v [E, H], w [H] float -> float [E].
Tensor silu_dot(const Tensor& v, const Tensor& w);
Tensor silu_dot_plain(const Tensor& v, const Tensor& w);

}  // namespace steer
