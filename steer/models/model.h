// A trained thing with a name: what the trainer, the commands and the server need of every family.
#pragma once

#include <torch/nn.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "steer/core/json_fwd.h"
#include "steer/data/dataset.h"
#include "steer/guidance/presets.h"
#include "steer/models/sampler.h"
#include "steer/nn/adam.h"
#include "steer/nn/ema.h"
#include "steer/objectives/objective.h"

namespace steer {

struct ImageShape {
  int64_t channels, height, width;
};

// What a model must be told about each sample; nothing for an unconditional one.
struct Needs {
  int64_t classes = 0;  // a label below this; 0: none
  bool image = false;   // an image that its condition is made from
};

// What is asked of a generator.
struct SampleRequest {
  Tensor seeds;  // int64 [N]: sample i is a function of seeds[i], its condition and the objective alone
  Tensor label;  // int64 [N], where the model needs labels
  Tensor condition_image;                // [N, C, H, W] in [-1, 1], where the model needs images
  const Objective* objective = nullptr;  // guides the samples; null: unguided
  // How a DDN chooses where an objective guides:
  double top = 2;           // among this many best candidates at random; below 1: a share of K
  int64_t beam = 1;         // above 1: a search with this many prefixes instead, seeds are then idle
  int64_t particles = 0;    // above 0: that many particles for each sample instead (particles.h)
  double temperature = 1;   // of particles: divides the scores
  int64_t shortlist = 0;    // candidates that an expensive objective sees in each row; 0: all
  int64_t first_level = 1;  // the layers that are guided, counted from 1; the others draw at random
  int64_t last_level = 0;   // 0: the last
  // How a diffusion draws; null: as its options say, or as suits guidance.
  const SamplerOptions* sampler = nullptr;
  // How an objective guides a diffusion; null: as suits the objective.
  const GuidanceOptions* guidance = nullptr;
  std::function<void(double)> progress;  // called with the share done, in [0, 1]; may be empty
};

struct Samples {
  Tensor images;            // [N, C, H, W] in [-1, 1]
  Tensor code;              // int64 [N, L] for families that have one, else undefined
  int64_t evaluations = 0;  // of a diffusion's network for one sample, all its rows together
};

// Named scalars to log. They stay on the device until the log needs them.
using Figures = std::vector<std::pair<std::string, Tensor>>;

// A loss to differentiate, and figures (detached).
struct LossReport {
  Tensor loss;
  Figures figures;
};

class Model {
 public:
  virtual ~Model() = default;

  virtual std::string family() const = 0;  // "ddn", "diffusion", "classifier"
  virtual torch::nn::Module& module() = 0;
  virtual ImageShape shape() const = 0;
  virtual Json options() const = 0;
  virtual Needs needs() const { return {}; }

  // The training loss of a batch; `seed` feeds all its randomness.
  virtual LossReport loss(const Batch& batch, uint64_t seed) = 0;

  // The one hook after an optimiser step. Returns figures to log, such as the number of splits.
  virtual Figures after_step(int64_t step, const Adam* adam, const Ema* ema) = 0;

  virtual Samples sample(const SampleRequest& request) = 0;

  // A picture [C, h, w] that shows how far training has come, of about `images` images; undefined where there
  // is nothing to draw. A grid of unguided samples, unless a family says otherwise: a column for each class
  // of a class-conditional model; where a condition is made from an image, the examples [N, C, H, W] above
  // what is made of them.
  virtual Tensor preview(int64_t images, const Tensor& examples);

  // The number type of heavy products.
  virtual void set_compute_type(torch::ScalarType type) = 0;

  // Whether training computes activations again in place of keeping them (nn/recompute.h). Error for families
  // that do not.
  virtual void set_recompute(bool recompute);

  int64_t parameter_count();
  NamedTensors trainable_parameters();
};

// Stands for the weights of a module: 64 bits over the names, shapes and values of its parameters, in the
// order of their names. Buffers, such as the counts of nodes, are left out.
uint64_t weight_fingerprint(const torch::nn::Module& module);

}  // namespace steer
