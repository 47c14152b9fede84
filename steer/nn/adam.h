// Adam with named state, so that a split of candidates can edit it and a checkpoint can hold it.
#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "steer/core/option_fields.h"

namespace steer {

using torch::Tensor;

// Tensors and their names, in an order of the owner's.
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

// The constants of Adam, but for the learning rate.
struct AdamOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double clip = 0;  // largest norm of the whole gradient; 0 = no clipping

  void fields(OptionFields& f) {
    f("beta1", beta1, "decay of the first moment", from_below(0, 1));
    f("beta2", beta2, "decay of the second moment", from_below(0, 1));
    f("epsilon", epsilon, "added to the root of the second moment", at_least(0));
    f("clip", clip, "largest norm of the whole gradient; 0 = no clipping", at_least(0));
  }
};

// Adam (Kingma and Ba 2015, algorithm 1) over float32 parameters. Parameters without a gradient stand still.
class Adam {
 public:
  // Moments begin at zero.
  Adam(NamedTensors parameters, const AdamOptions& options);

  // One update with this learning rate. Gradients are read, not cleared.
  void step(double rate);

  void clear_gradients();                                         // leaves every gradient undefined
  const NamedTensors& parameters() const { return parameters_; }  // as given

  // The first and second moment of a parameter given by its tensor; Error when it is not one of ours.
  std::vector<Tensor> moments(const Tensor& parameter) const;

  // Moments as "m.NAME" and "v.NAME" and the step count as "steps".
  std::map<std::string, Tensor> state() const;
  // Takes such a state over. Error, beginning with `what`, where a tensor is missing, has another shape, is
  // of no parameter or holds what no update leaves: numbers that are not finite, second moments and steps
  // below 0; the state is then as it was.
  void load(const std::map<std::string, Tensor>& state, const std::string& what = "[adam]");

 private:
  AdamOptions options_;
  NamedTensors parameters_;
  std::vector<Tensor> first_, second_;
  int64_t steps_ = 0;
};

}  // namespace steer
