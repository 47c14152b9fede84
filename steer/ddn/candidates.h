// What one layer of a Discrete Distribution Network offers: K images per row, as a promise rather than a tensor.
#pragma once

#include <torch/types.h>

#include <functional>

namespace steer {

using torch::Tensor;

// The K candidate images of each row, O[b, k] = W_k a_b + base_b, kept as features, 1x1 weights and base.
// Every method works without the [B, K, C, H, W] tensor except images(). Sums are float32.
class Candidates {
 public:
  // features [B, c', H, W]; weight [K, C, c']; base [B, C, H, W], or undefined for zero.
  Candidates(const Tensor& features, const Tensor& weight, const Tensor& base);

  int64_t rows() const { return a_.size(0); }
  int64_t count() const { return weight_.size(0); }
  int64_t channels() const { return weight_.size(1); }
  int64_t height() const { return height_; }
  int64_t width() const { return width_; }
  torch::Device device() const { return a_.device(); }

  // Squared distance of each candidate to its row's target, summed over C, H and W: [B, K], without gradient.
  // target [B or 1, C, H, W]; pixel_weight [B or 1, 1, H, W] >= 0 multiplies each squared difference.
  // Takes the way that counts fewer multiplications: K images of a small map, or the Gram identity
  // |W a + r|^2 = tr(W G W^T) + 2 <W, R> + |r|^2 with G = sum a a^T, R = sum r a^T, after which the nearest few are
  // measured directly, because the identity loses digits where distances are small.
  Tensor distance_to(const Tensor& target, const Tensor& pixel_weight = {}) const;
  Tensor distance_by_images(const Tensor& target, const Tensor& pixel_weight = {}) const;
  Tensor distance_by_gram(const Tensor& target, const Tensor& pixel_weight = {}) const;

  // Candidate index[n] of row row[n] (of row n where `row` is undefined): [N, C, H, W], differentiable.
  Tensor at(const Tensor& index, const Tensor& row = {}) const;

  // All K images [B, K, C, H, W], for an objective that must look at pixels.
  Tensor images() const;

  // The candidates as a linear measurement sees them: channels mixed by `colour` [M, C] (undefined: as they are), maps changed
  // by `spatial`, a linear operator on [B, any, H, W] that treats all channels alike (empty: as they are).
  Candidates seen_through(const Tensor& colour, const std::function<Tensor(const Tensor&)>& spatial) const;

 private:
  Tensor residual_to(const Tensor& target) const;

  Tensor a_;       // [B, H W, c'], float32, contiguous
  Tensor weight_;  // [K, C, c']
  Tensor base_;    // [B, C, H, W], or undefined
  int64_t height_, width_;
};

// Which row of the candidates goes on with which candidate.
struct Choice {
  Tensor index;    // int64 [N], candidate of each row that goes on
  Tensor row;      // int64 [N], the row it came from; undefined: row n goes on as row n
  Tensor nearest;  // int64 [N], the candidate nearest to the target before any dropout; undefined without a target
};

// Decides which candidate goes on at a layer (0-based).
using Chooser = std::function<Choice(const Candidates&, int64_t layer)>;

}  // namespace steer
