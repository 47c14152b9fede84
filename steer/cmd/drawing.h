// Unguided samples as a command's flags ask for them.
#pragma once

#include "steer/cmd/command.h"
#include "steer/cmd/condition.h"
#include "steer/cmd/sampler.h"

namespace steer {

struct Drawn {
  torch::Tensor images;  // [N, C, H, W] in [-1, 1]
  torch::Tensor label;   // int64 [N]; undefined where the model is told none
  double seconds = 0;
  Json figures;      // how they were drawn: sampler, evaluations, prior, label
  std::string text;  // the same in a line, or nothing
};

struct DrawingFlags {
  ConditionFlags condition;
  SamplerFlags sampler;
  std::string prior, fit;
  double temperature = 1;
  int64_t batch = 64;

  // `alone`: also --batch, --fit and --temperature, which a command may have for other ends already.
  void add_to(CLI::App* command, bool alone = true);

  // Samples seed to seed + count - 1 of the model loaded from `run`, `batch` at a time with a line of
  // progress. Error for flags that its family does not have.
  Drawn draw(Model& model, const std::string& run, int64_t count, int64_t seed, torch::Device device) const;

 private:
  CLI::Option* by_prior_ = nullptr;
};

}  // namespace steer
