#include "steer/nn/module_tensors.h"

#include <vector>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size() && i < 3; ++i) text += (i ? ", " : "") + names[i];
  return names.size() > 3 ? joined(text, " and ", names.size() - 3, " more") : text;
}

}  // namespace

std::map<std::string, Tensor> module_tensors(torch::nn::Module& module) {
  std::map<std::string, Tensor> tensors;
  for (const auto& item : module.named_parameters()) tensors[item.key()] = item.value().detach();
  for (const auto& item : module.named_buffers()) tensors[item.key()] = item.value();
  return tensors;
}

void load_tensors(torch::nn::Module& module, const std::map<std::string, Tensor>& tensors,
                  const std::string& what) {
  torch::NoGradGuard no_grad;
  std::map<std::string, Tensor> own = module_tensors(module);
  std::vector<std::string> missing, unexpected;
  for (const auto& [name, tensor] : own)
    if (!tensors.count(name)) missing.push_back(name);
  for (const auto& [name, tensor] : tensors)
    if (!own.count(name)) unexpected.push_back(name);
  STEER_CHECK(missing.empty(), what, ": expected ", own.size(),
              " tensors but these are missing: ", listed(missing));
  STEER_CHECK(unexpected.empty(), what,
              ": these tensors belong to no part of the model: ", listed(unexpected));
  for (auto& [name, tensor] : own) {
    const Tensor& given = tensors.at(name);
    STEER_CHECK(given.sizes() == tensor.sizes(), what, ": ", name, ": expected shape ",
                shape_text(tensor.sizes()), " but got ", shape_text(given.sizes()));
    tensor.copy_(given);
  }
}

}  // namespace steer
