// The tensors of a module by name, out and in.
#pragma once

#include <torch/nn.h>

#include <map>
#include <string>
#include <vector>

namespace steer {

using torch::Tensor;

// Parameters and buffers, sharing memory with the module.
std::map<std::string, Tensor> module_tensors(torch::nn::Module& module);

// Copies tensors into a module's parameters and buffers by name; the two sets of names must agree. `what`
// stands first in errors.
void load_tensors(torch::nn::Module& module, const std::map<std::string, Tensor>& tensors,
                  const std::string& what);

// One error, after `what`, that names the tensors that are missing, misshaped and unknown (the first few of
// each and the number of the rest); nothing where all are there and have their shapes.
void check_tensors(const std::map<std::string, Tensor>& tensors,
                   const std::map<std::string, std::vector<int64_t>>& expected, const std::string& what);

// What a continuation takes over: error as check_tensors unless `tensors` has the names and shapes of `own`,
// and, naming the tensor, where one of real numbers holds what is not finite.
void check_saved(const std::map<std::string, Tensor>& tensors, const std::map<std::string, Tensor>& own,
                 const std::string& what);

}  // namespace steer
