// What one layer of a Discrete Distribution Network offers: K images per row, as a promise rather than a
// tensor.
#pragma once

#include <torch/types.h>

#include <functional>

namespace steer {

using torch::Tensor;

// What goes on when a candidate is chosen.
struct Chosen {
  Tensor image;  // [N, C, H, W]
  Tensor leak;   // [N, C, H, W], the chosen node's weights on the second half of the features; undefined
                 // without leak
};

// The K candidate images of each row, O[b, k] = W_k a_b + base_b, kept as features, 1x1 weights and base.
// Every method works without the [B, K, C, H, W] tensor except images(). Sums are float32.
class Candidates {
 public:
  // features [B, c, H, W], float32 or bfloat16, where a is the first c' channels and, if c = 2 c', the rest
  // leaks; weight [K, C, c']; base [B, C, H, W], or undefined for zero.
  Candidates(const Tensor& features, const Tensor& weight, const Tensor& base);

  int64_t rows() const { return features_.size(0); }           // B
  int64_t count() const { return weight_.size(0); }            // K
  int64_t channels() const { return weight_.size(1); }         // C
  int64_t height() const { return features_.size(2); }         // H
  int64_t width() const { return features_.size(3); }          // W
  torch::Device device() const { return features_.device(); }  // of features, weight and base

  // Squared distance of each candidate to its row's target, summed over C, H and W: [B, K], without gradient.
  // target [B or 1, C, H, W]; pixel_weight [B or 1, 1, H, W] >= 0 multiplies each squared difference.
  // Takes that of the two ways below which counts fewer multiplications.
  Tensor distance_to(const Tensor& target, const Tensor& pixel_weight = {}) const;

  // The same from all K images, for maps of few pixels.
  Tensor distance_by_images(const Tensor& target, const Tensor& pixel_weight = {}) const;

  // The same by the Gram identity |W a + r|^2 = tr(W G W^T) + 2 <W, R> + |r|^2 with G = sum a a^T, R = sum r
  // a^T, after which the nearest few are measured directly, because the identity loses digits where distances
  // are small.
  Tensor distance_by_gram(const Tensor& target, const Tensor& pixel_weight = {}) const;
  Tensor distance_by_gram_plain(const Tensor& target,
                                const Tensor& pixel_weight = {}) const;  // without kernels, the reference

  // Of candidates that are logits of C tokens at H W places: minus ln p of the tokens int64 [B, H W] by each,
  // summed over the places, those where `known` (bool [B, H W], undefined: everywhere) is set: [B, K].
  // Differentiable in features, weight and base; a part of the rows at a time.
  Tensor nats_of(const Tensor& token, const Tensor& known = {}) const;

  // Candidate index[n] of row row[n] (of row n where `row` is undefined), differentiable in features, weight
  // and base. The backward pass touches the chosen rows of the weight alone.
  Chosen at(const Tensor& index, const Tensor& row = {}) const;
  Chosen at_plain(const Tensor& index, const Tensor& row = {}) const;  // by batched products, the reference

  // The candidates of these rows, int64 [N], as N rows.
  Candidates of_rows(const Tensor& row) const;

  // The same, knowing the indices chosen at the layers before, int64 [B, l] (undefined: none).
  Candidates after(const Tensor& code) const;
  const Tensor& code() const { return code_; }  // these; undefined where they are not known, or none

  // The same, knowing ln p of each candidate by the network's own prior, [B, K] (undefined: it has none).
  Candidates expecting(const Tensor& log_prior) const;
  const Tensor& log_prior() const { return log_prior_; }  // that; undefined where it is not known

  // All K images [B, K, C, H, W], for an objective that must look at pixels.
  Tensor images() const;

  // The candidates as a linear measurement sees them: channels mixed by `colour` [M, C] (undefined: as they
  // are), maps changed by `spatial`, a linear operator on [B, any, H, W] that treats all channels alike
  // (empty: as they are).
  Candidates seen_through(const Tensor& colour, const std::function<Tensor(const Tensor&)>& spatial) const;

 private:
  Tensor residual_to(const Tensor& target) const;
  Tensor pixels(int64_t part) const;
  Tensor form() const;

  Tensor features_;   // [B, c, H, W]
  Tensor weight_;     // [K, C, c']
  Tensor base_;       // [B, C, H, W], or undefined
  Tensor code_;       // int64 [B, l], or undefined
  Tensor log_prior_;  // [B, K], or undefined
};

// Which row of the candidates goes on with which candidate.
struct Choice {
  Tensor index;    // int64 [N], candidate of each row that goes on
  Tensor row;      // int64 [N], the row it came from; undefined: row n goes on as row n
  Tensor nearest;  // int64 [N], the candidate nearest to the target before any dropout; undefined without a
                   // target
  // Where it is asked for (nearest_to()), what rivals.h makes of the distances to the target:
  Tensor second = {};  // int64 [N], the nearest candidate but one
  Tensor losses = {};  // float64 [K], each candidate's distances, summed over the rows
};

// Scores of all candidates, higher is better: [B, K]. Rows of one group must be comparable.
using Scorer = std::function<Tensor(const Candidates&)>;

// Decides which candidate goes on at a layer (0-based).
using Chooser = std::function<Choice(const Candidates&, int64_t layer)>;

}  // namespace steer
