// A learned prior over codes, p(k_l | k_1..k_{l-1}), in whole numbers: its frequencies are the same on every
// machine, for every batch and thread count, so that a range coder may be driven by them.
//
// The network is a neural autoregressive distribution estimator (Larochelle and Murray 2011) with weights of
// its own at each layer l: units u = clip(b_l + T[y] + sum over j < l of E_j[k_j], 0, 8), logits V_l u + c_l,
// where y is the label that a class-conditional model was told, for a prior that is told it too.
// Fixed point: E, T and b in steps of 2^-11, u of 2^-9, V of 2^-s for bits instead of nats, c of 2^-(s + 9).
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace steer {

using torch::Tensor;

constexpr double kPriorUnitClip = 8;       // u of the formula above is at most this, less one step
constexpr int kPriorWeightBits = 11;       // binary digits of E and b behind the point
constexpr int kPriorUnitBits = 9;          // binary digits of u behind the point
constexpr int64_t kMaxPriorLayers = 4096;  // the largest L
constexpr int64_t kMaxPriorWidth = 4096;   // the largest H, the number of units
constexpr int64_t kMaxPriorHeadBits = 14;  // the largest s
constexpr int64_t kMaxPriorRowSum = int64_t{1} << 18;  // the largest sum of the absolute values of a row of V
constexpr int64_t kMaxPriorHeadBias = int64_t{1} << 30;  // the largest absolute value of c

// The numbers of a prior. S is the sum of all K.
struct PriorNumbers {
  std::vector<int64_t> candidates;  // K of each of the L layers
  Tensor embedding;                 // int16 [S, H], E of all layers, one after the other
  Tensor bias;                      // int16 [L, H]
  Tensor head;                      // int16 [S, H], V
  Tensor head_bias;                 // int32 [S], c
  Tensor told;                      // int16 [Y, H], T of Y labels; undefined for a prior that is told nothing
  int64_t head_bits = 0;            // s, 1 to 14
};

// The prior over the codes of one model.
class Prior {
 public:
  // `model` is the fingerprint of the model whose codes it knows. Error when shapes disagree or a sum could
  // leave 32 bits: the absolute values of a row of V may add up to 2^18, c may reach 2^30.
  Prior(PriorNumbers numbers, uint64_t model);

  const PriorNumbers& numbers() const { return numbers_; }                            // as given
  int64_t depth() const { return static_cast<int64_t>(numbers_.candidates.size()); }  // L
  uint64_t model() const { return model_; }              // the fingerprint of the model whose codes it knows
  uint64_t fingerprint() const { return fingerprint_; }  // stands for all its numbers: 64 bits
  // K of each layer.
  const std::vector<int64_t>& candidates() const { return numbers_.candidates; }
  // Y, how many labels it may be told; 0: none.
  int64_t labels() const { return numbers_.told.defined() ? numbers_.told.size(0) : 0; }

  // What is known of one code while its indices become known, first layer first.
  class Walk {
   public:
    // Before the first layer, told a label from 0 to labels() - 1 where there are any. The prior must outlive
    // it.
    explicit Walk(const Prior& prior, int64_t label = -1);

    // Relative probabilities of the next layer's candidates, the greatest 2^30. `heat` divides the logits by
    // heat / 1024.
    const std::vector<uint32_t>& weights(int64_t heat = 1024);
    // The same as frequencies for a range coder: each at least 1, together at most 65,536.
    const std::vector<uint32_t>& frequencies();
    // The next layer's index.
    void take(int64_t index);

   private:
    const Prior& prior_;
    int64_t layer_ = 0;
    std::vector<int32_t> sum_, logits_;  // of embeddings [H]; [K]
    std::vector<int16_t> units_;         // [H]
    std::vector<uint32_t> weights_, frequencies_;
  };

  // Bits that a range coder spends on each index of codes int64 [N, L]: float64 [N, L]. Error for codes that
  // do not fit, and as checked_label.
  Tensor bits(const Tensor& code, const Tensor& label = {}) const;

  // Codes int64 [N, L], each a function of its seed (int64 [N]), its label and the temperature alone. A
  // temperature below 1 prefers what is likely, above 1 what is rare; 0.05 to 20.
  Tensor sample(const Tensor& seeds, double temperature, const Tensor& label = {}) const;

  // ln p of each candidate of the layer behind prefixes int64 [N, l], l below L (undefined: l = 0): float64
  // [N, K]. Error, as above.
  Tensor next(const Tensor& prefix, int64_t rows, const Tensor& label = {}) const;

  // Error, beginning with `what`, unless this is int64 [N, L] with every index below its K.
  void check_code(const Tensor& code, const std::string& what) const;

  // What walks of `count` codes are told, on the host: `label` where it is int64 [count] with labels below
  // labels(); -1 for all where there are none, whatever is given. Error, beginning with `what`, for others.
  Tensor checked_label(const Tensor& label, int64_t count, const std::string& what) const;

 private:
  PriorNumbers numbers_;
  std::vector<int64_t> begins_;  // row of each layer's first candidate
  uint64_t model_ = 0, fingerprint_ = 0;
};

// A safetensors file with the numbers and, as metadata, the model's fingerprint and `figures` (words about
// the training). The reader refuses anything that is not such a file, with `path` and fault.
void write_prior(const std::string& path, const Prior& prior, const std::string& figures);
Prior read_prior(const std::string& path);

// The same, or one that ships by this name, where it must know the codes of the model with this fingerprint;
// error where it knows another's.
Prior read_prior_of(uint64_t model, const std::string& path);

}  // namespace steer
