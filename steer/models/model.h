// A trained thing with a name: what the trainer, the commands and the server need of every family.
#pragma once

#include <torch/nn.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/data/dataset.h"
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
  int64_t top = 2;                       // a DDN picks among this many best candidates
  int64_t beam = 1;  // above 1, a DDN searches with this many beams instead; seeds are then idle
  std::function<void(double)> progress;  // called with the share done, in [0, 1]; may be empty
};

struct Samples {
  Tensor images;  // [N, C, H, W] in [-1, 1]
  Tensor code;    // int64 [N, L] for families that have one, else undefined
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

  virtual std::string family() const = 0;  // "ddn"
  virtual torch::nn::Module& module() = 0;
  virtual ImageShape shape() const = 0;
  virtual Json options() const = 0;
  virtual Needs needs() const { return {}; }

  // The training loss of a batch; `seed` feeds all its randomness.
  virtual LossReport loss(const Batch& batch, uint64_t seed) = 0;

  // The one hook after an optimiser step. Returns figures to log, such as the number of splits.
  virtual Figures after_step(int64_t step, const Adam* adam, const Ema* ema) = 0;

  virtual Samples sample(const SampleRequest& request) = 0;

  // The number type of heavy products.
  virtual void set_compute_type(torch::ScalarType type) = 0;

  int64_t parameter_count();
  NamedTensors trainable_parameters();
};

// Stands for the weights of a module: 64 bits over the names, shapes and values of its parameters, in the
// order of their names. Buffers, such as the counts of nodes, are left out.
uint64_t weight_fingerprint(const torch::nn::Module& module);

}  // namespace steer
