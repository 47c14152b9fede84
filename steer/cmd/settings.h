// The flags of Generator::plan: --top and its like for a ddn, --method and --solver and their like for a
// diffusion. Which of them a model has, the model says.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "steer/core/json.h"

namespace steer {

// How samples are drawn, and how an objective guides them.
class SettingsFlags {
 public:
  // Flags of unguided drawing: --solver and its like, --prior.
  void add_drawing_to(CLI::App* command);
  // Those of guidance.
  void add_guidance_to(CLI::App* command);

  // What was given, for Generator::plan; empty where nothing was. `run` is the model's path, beside which its
  // prior is looked for. Error for a preset that is none.
  Json settings(const std::string& run) const;

 private:
  bool given(const std::string& flag) const;

  CLI::App* command_ = nullptr;
  double top_ = 2, temperature_ = 1, strength_ = 0, eta_ = 0, scale_ = 1, nucleus_ = 1;
  int64_t beam_ = 1, best_of_ = 1, particles_ = 0, shortlist_ = 0, recurrence_ = 1, steps_ = 0, length_ = 0;
  std::string layers_, levels_, method_, preset_, solver_, process_, prior_;
  std::vector<std::string> guidance_, sampler_;
};

}  // namespace steer
