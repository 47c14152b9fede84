// Small TorchScript files, for tests.
#pragma once

#include <torch/script.h>

#include <string>

namespace steer {

// Writes a module without weights whose source is given, with whole numbers as its attributes.
inline std::string write_script(const std::string& path, const std::string& source,
                                const std::vector<std::pair<std::string, int64_t>>& numbers = {}) {
  torch::jit::Module module("Judge");
  for (const auto& [name, value] : numbers) module.register_attribute(name, c10::IntType::get(), value);
  module.define(source);
  module.save(path);
  return path;
}

}  // namespace steer
