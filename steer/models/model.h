// A trained thing with a name: what the trainer and the commands need of every family.
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

// The shape of images.
struct ImageShape {
  int64_t channels, height, width;  // of [C, H, W]
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

  // A DDN that an objective guides:
  double top = 2;           // chooses among this many best candidates at random; below 1: a share of K
  int64_t beam = 1;         // above 1: searches with this many prefixes instead, seeds are then idle
  int64_t particles = 0;    // above 0: has that many particles for each sample instead (particles.h)
  double temperature = 1;   // divides the scores of particles by this
  int64_t shortlist = 0;    // shows an expensive objective this many candidates of each row; 0: all
  int64_t first_level = 1;  // is guided from this layer on, counted from 1; the others draw at random
  int64_t last_level = 0;   // is guided up to this layer; 0: the last

  // How a diffusion draws; null: as its options say, or as suits guidance.
  const SamplerOptions* sampler = nullptr;
  // How an objective guides a diffusion; null: as suits the objective.
  const GuidanceOptions* guidance = nullptr;

  std::function<void(double)> progress;  // called with the share done, in [0, 1]; may be empty
};

// What a generator made.
struct Samples {
  Tensor images;            // [N, C, H, W] in [-1, 1]
  Tensor code;              // int64 [N, L] for families that have one, else undefined
  int64_t evaluations = 0;  // of a diffusion's network for one sample, all its rows together
};

// Named scalars to log. They stay on the device until the log needs them.
using Figures = std::vector<std::pair<std::string, Tensor>>;

// A loss to differentiate, and figures (detached).
struct LossReport {
  Tensor loss;      // a scalar
  Figures figures;  // to log
};

// What every family can do.
class Model {
 public:
  virtual ~Model() = default;

  virtual std::string family() const = 0;     // "ddn", "diffusion" or "classifier"
  virtual torch::nn::Module& module() = 0;    // the network with all weights
  virtual ImageShape shape() const = 0;       // of the images that it makes or judges
  virtual Json options() const = 0;           // those that make_model made it with, completed
  virtual Needs needs() const { return {}; }  // what its samples must be told

  // The training loss of a batch; `seed` feeds all its randomness.
  virtual LossReport loss(const Batch& batch, uint64_t seed) = 0;

  // The one hook after an optimiser step. Returns figures to log, such as the number of splits.
  virtual Figures after_step(int64_t step, const Adam* adam, const Ema* ema) = 0;

  // Samples as asked. Error for what the family cannot do. Several threads may call it at once, each with an
  // objective of its own or the same, while nobody trains.
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

  int64_t parameter_count();            // values in all trainable parameters
  NamedTensors trainable_parameters();  // by their names in the module
};

// Stands for the weights of a module: 64 bits over the names, shapes and values of its parameters, in the
// order of their names. Buffers, such as the counts of nodes, are left out.
uint64_t weight_fingerprint(const torch::nn::Module& module);

}  // namespace steer
