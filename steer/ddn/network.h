// A Discrete Distribution Network: one forward that many choosers steer.
#pragma once

#include "steer/ddn/condition.h"
#include "steer/ddn/layer.h"
#include "steer/nn/forwarding.h"

namespace steer {

// What a finished forward gives.
struct Generated {
  Tensor image;  // [N, C, H, W], the image chosen at the last layer
  Tensor code;   // int64 [N, L], the index chosen at each layer
};

// What one layer of a forward gave, shown to an observer while the forward runs.
struct LayerStep {
  int64_t layer;         // 0-based
  const Choice& choice;  // which row went on with which candidate
  const Tensor& image;   // [N, C, h, w], the chosen image
  const Tensor& code;    // int64 [N, layer + 1], the indices chosen so far
};

// Sees every layer's step, in order.
using Observer = std::function<void(const LayerStep&)>;

// Size and reach of one application of a layer.
struct LayerShape {
  int64_t size;        // height and width of its images
  int64_t candidates;  // K
  int64_t features;    // channels of the stem
  int64_t reach;       // side, in its own pixels, of the square of earlier outputs of the same size that its
                       // features see
};

// What all networks have in common: a forward that asks a chooser at every layer.
class Network : public torch::nn::Module {
 public:
  // `condition` says what its rows must be told.
  explicit Network(const ConditionOptions& condition = {}) : condition_options_(condition) {}

  // Runs all L layers on `rows` rows. At each layer the chooser decides; rows may multiply or die
  // (Choice::row), and what they were told goes with them. Differentiable through the chosen outputs. Error
  // when the condition is missing, not wanted, or not of so many rows.
  Generated run(int64_t rows, const Chooser& chooser, const Observer& observer = {},
                const Condition& condition = {}, const Forwarding& how = {}) const;

  virtual std::vector<LayerShape> shapes() const = 0;  // one for each of the L applications
  // The layer modules that hold nodes, in order; fewer than L where applications share one.
  virtual std::vector<Layer> layers() const = 0;
  // Which of layers() the given application uses.
  virtual int64_t layer_of(int64_t application) const = 0;
  // C of its images.
  virtual int64_t image_channels() const = 0;

  int64_t depth() const { return static_cast<int64_t>(shapes().size()); }  // L
  int64_t image_size() const { return shapes().back().size; }  // height and width at the last layer
  // log2 of the number of codes.
  double latent_bits() const;
  // What its rows must be told.
  const ConditionOptions& condition_options() const { return condition_options_; }

  // The number type of the convolutions unless a run is told another: float32 or bfloat16. Choices and images
  // are always float32.
  void set_compute_type(torch::ScalarType type) { compute_type_ = type; }
  torch::ScalarType compute_type() const { return compute_type_; }

  // Whether a differentiable forward keeps what enters each layer alone and computes the rest again in the
  // backward pass (nn/recompute.h).
  void set_recompute(bool recompute) { recompute_ = recompute; }
  bool recompute() const { return recompute_; }

 private:
  virtual Generated forward(int64_t rows, const Chooser& chooser, const Observer& observer,
                            const Condition& condition, const Forwarding& how) const = 0;

  ConditionOptions condition_options_;
  torch::ScalarType compute_type_ = torch::kFloat32;
  bool recompute_ = false;
};

// What travels from layer to layer; keeps the bookkeeping that both network paradigms share.
struct Passage {
  Tensor h;             // features of the stem [N, c, h, w]
  Tensor image;         // last chosen image, undefined at the start
  Tensor leak;          // its leak image, undefined at the start or without leak
  Tensor code;          // int64 [N, layers so far], undefined at the start
  Condition condition;  // what each row is told; nothing for an unconditional network
  // Of networks with a prior of their own:
  Tensor expected = {};   // [N, K], ln p of the next layer's candidates
  Tensor log_prior = {};  // [N, layers so far], of the indices chosen

  // Offers the layer's candidates to the chooser and moves on along its choice.
  void choose(const Layer& layer, int64_t application, const Chooser& chooser, const Observer& observer);
};

}  // namespace steer
