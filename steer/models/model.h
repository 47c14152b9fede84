// A trained thing with a name: what the trainer and the commands need of every family.
#pragma once

#include <torch/nn.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "steer/core/class_names.h"
#include "steer/core/json.h"
#include "steer/data/dataset.h"
#include "steer/nn/adam.h"
#include "steer/nn/ema.h"

namespace steer {

class Judge;   // judge.h
struct Facts;  // facts.h

// What a model must be told about each sample; nothing for an unconditional one.
struct Needs {
  int64_t classes = 0;                   // a label below this; 0: none
  bool given = false;                    // a sample that its condition is made from
  bool no_class = false;                 // whether a label equal to classes says "no class"
  std::vector<std::string> values = {};  // names of numbers that it may be told
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
  virtual Space space() const = 0;            // of the samples that it makes or judges
  virtual Json options() const = 0;           // those that make_model made it with, completed
  virtual Needs needs() const { return {}; }  // what its samples must be told

  // The names of the classes that it is told or tells, where they are known; they go with its weights.
  const ClassNames& class_names() const { return class_names_; }
  void set_class_names(ClassNames names) { class_names_ = std::move(names); }

  virtual Facts facts() const;  // worth knowing beside the options (facts.h)
  // The model as one that tells the class of samples (judge.h); null for families that do not.
  virtual const Judge* judge() const { return nullptr; }

  // Takes in what a new model needs to know of its training data beside its options, before the first step.
  virtual void meet(const Dataset& /*data*/) {}

  // The training loss of a batch; `seed` feeds all its randomness.
  virtual LossReport loss(const Batch& batch, uint64_t seed) = 0;

  // What the last loss counted, for after_step to take in: sums over the rows of its batch, each all zeros
  // where nothing was counted. Who trains on a part of a batch adds what was counted of the others in place
  // (train/together.h), so that all take the same steps. None for most families.
  virtual std::vector<Tensor> step_counts() { return {}; }

  // The one hook after an optimiser step; takes in what the loss before it counted. Returns figures to log,
  // such as the number of splits.
  virtual Figures after_step(int64_t step, const Adam* adam, const Ema* ema) = 0;

  // What a run that goes on needs beside the module and the optimiser, by name; and such a state taken over,
  // by a model that has the module's tensors already. A run of before there was such a state has none of it.
  // Error where a tensor has another shape. None for most families.
  virtual std::map<std::string, Tensor> training_state() { return {}; }
  virtual void load_training_state(const std::map<std::string, Tensor>&) {}

  // A picture [C, h, w] that shows how far training has come, of about `samples` samples; undefined where
  // there is nothing to draw. `examples` are some of the training data.
  virtual Tensor preview(int64_t samples, const State& examples);

  // Those of the trainable parameters that are matrices within a network, which Muon may move (nn/muon.h): no
  // tables of tokens, no last layers, nothing of a network of convolutions.
  virtual NamedTensors hidden_matrices() { return {}; }

  // What a new model of another family may begin from of this one.
  struct Lent {
    Json options;        // of the new model
    std::string prefix;  // what stands before the names of this one's tensors there
  };
  // To a family; null for most.
  virtual std::shared_ptr<Lent> lent_to(const std::string&) const { return nullptr; }

  // A tensor of another model of this family as this one begins with it; as it is, for most.
  virtual Tensor begun_with(const std::string&, const Tensor& given, const Model&) const { return given; }

  // The number type of heavy products.
  virtual void set_compute_type(torch::ScalarType type) = 0;

  // Whether training computes activations again in place of keeping them (nn/recompute.h). Error for families
  // that do not.
  virtual void set_recompute(bool recompute);

  int64_t parameter_count();            // values in all trainable parameters
  NamedTensors trainable_parameters();  // by their names in the module

 private:
  ClassNames class_names_;
};

// Stands for the weights of a module: 64 bits over the names, shapes and values of its parameters, in the
// order of their names. Buffers, such as the counts of nodes, are left out.
uint64_t weight_fingerprint(const torch::nn::Module& module);

}  // namespace steer
