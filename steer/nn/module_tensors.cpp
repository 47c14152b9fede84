#include "steer/nn/module_tensors.h"

#include <vector>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

constexpr size_t kShown = 4;

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size() && i < kShown; ++i) text += (i ? ", " : "") + names[i];
  return names.size() > kShown ? joined(text, " and ", names.size() - kShown, " more") : text;
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

void check_tensors(const std::map<std::string, Tensor>& tensors,
                   const std::map<std::string, std::vector<int64_t>>& expected, const std::string& what) {
  std::vector<std::string> missing, misshaped, unknown;
  for (const auto& [name, shape] : expected) {
    const auto found = tensors.find(name);
    if (found == tensors.end())
      missing.push_back(name);
    else if (found->second.sizes() != at::IntArrayRef(shape))
      misshaped.push_back(joined(name, " (expected ", shape_text(shape), " but got ",
                                 shape_text(found->second.sizes()), ")"));
  }
  for (const auto& [name, tensor] : tensors)
    if (!expected.count(name)) unknown.push_back(name);
  std::string faults;
  const auto add = [&](const char* fault, const std::vector<std::string>& names) {
    if (!names.empty()) faults += joined(faults.empty() ? "" : "; ", fault, ": ", listed(names));
  };
  add("missing", missing);
  add("misshaped", misshaped);
  add("unknown", unknown);
  STEER_CHECK(faults.empty(), what, ": expected the ", expected.size(), " tensors of the network but got ",
              faults);
}

void check_saved(const std::map<std::string, Tensor>& tensors, const std::map<std::string, Tensor>& own,
                 const std::string& what) {
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const auto& [name, tensor] : own) shapes[name] = tensor.sizes().vec();
  check_tensors(tensors, shapes, what);
  for (const auto& [name, tensor] : tensors)
    STEER_CHECK(!tensor.is_floating_point() || at::isfinite(tensor).all().item<bool>(), what, ": ", name,
                ": expected finite numbers but got others");
}

}  // namespace steer
