// Networks made elsewhere, as TorchScript files.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>

namespace steer {

using torch::Tensor;

// The line of one of libtorch's messages that says what failed, without its stack.
std::string fault_line(const std::string& message);

// A TorchScript file, in evaluation mode; its weights receive no gradient. Errors are one line with the
// file's name.
class ScriptedNetwork {
 public:
  // Error where there is no file or it is no whole TorchScript file.
  ScriptedNetwork(const std::string& path, torch::Device device);

  // What the module's forward gives for x, and for x and a text: one tensor. Differentiable in x as far as
  // the module is. Error where the module refuses its arguments or gives anything but a tensor, and where x
  // asks for a gradient but the module gives none at all.
  Tensor operator()(const Tensor& x) const;
  Tensor operator()(const Tensor& x, const std::string& text) const;

  // A whole number that the module declares as an attribute or constant of this name, or `otherwise`.
  int64_t declared(const std::string& name, int64_t otherwise) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace steer
