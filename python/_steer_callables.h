// Python callables as what the library asks: scores of samples, networks.
#pragma once

#include <functional>
#include <string>

#include "python/_steer.h"
#include "steer/nn/saved_network.h"
#include "steer/objectives/context.h"
#include "steer/objectives/objective.h"

namespace steer {

// What a callable is called in messages: its __qualname__, or that of its class. With the lock.
std::string callable_name(const py::handle& callable);

// TypeError unless it can be called. With the lock. A module in training mode is warned of.
PyRef checked_callable(py::object callable, const char* what);

// How a callable scores samples.
struct CallableOptions {
  std::string name;      // in messages and words
  bool gradient = true;  // promised: the score is differentiable in the samples
  bool texts = false;    // the callable takes a list of str in place of a tensor
};

// function(x) -> [N], higher is better; x are the samples, float32 on their device (of texts int64 [N, T]; of
// samples with places also a bool mask [N, places] as a second argument). Without a gradient the answer may
// be numbers of any kind. Error, naming the callable, for an answer of another type, shape or device, for
// NaN, and where a gradient is asked for and promised but the answer has none. What the callable raises comes
// out.
class CallableObjective : public Objective {
 public:
  // `texts` as ObjectiveContext::texts, needed where the options ask for texts.
  CallableObjective(PyRef function, CallableOptions options,
                    std::function<std::vector<std::string>(const State&)> texts = {});

  Tensor score(const State& sample) const override;
  bool differentiable() const override { return options_.gradient; }
  bool in_nats() const override { return options_.gradient; }
  std::string words() const override { return options_.name + "()"; }

 private:
  PyRef function_;
  CallableOptions options_;
  std::function<std::vector<std::string>(const State&)> texts_;
};

// While it lives, callables of this thread get samples of the number type that they come in, not float32.
class OwnNumberType {
 public:
  OwnNumberType();
  ~OwnNumberType();
  OwnNumberType(const OwnNumberType&) = delete;
  OwnNumberType& operator=(const OwnNumberType&) = delete;
};

// function(x) -> [N, ...] as one function, checked as above. A steer.Classifier is taken as its network.
SavedNetwork network_of_callable(const py::object& function, const char* what);

// The answer of a callable of tensors, which must be a floating tensor on the device of the first, of `rows`
// rows (-1: any), without NaN. Takes the lock.
Tensor answer_of_callable(const PyRef& function, const std::string& what,
                          const std::vector<Tensor>& arguments, int64_t rows);

}  // namespace steer
