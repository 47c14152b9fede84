// What a conditional model is told on the command line: --label and --condition.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "steer/models/models.h"

namespace steer {

// Labels and images for N samples; what the model does not need is undefined.
struct Told {
  torch::Tensor label;  // int64 [N]
  torch::Tensor image;  // [N, C, H, W]

  // Of the samples from `at` on, in a request.
  void put_into(SampleRequest& request, int64_t at, int64_t count) const;
  // The same for rows at..at+count.
  Told narrow(int64_t at, int64_t count) const;
};

struct ConditionFlags {
  std::string label;
  std::vector<std::string> images;

  // Adds --label and, unless the command's own images are the condition, --condition.
  void add_to(CLI::App* command, bool with_images = true);

  // The labels that the words name: numbers with commas between, or all; empty without --label. Error when
  // one is no class of the model, or it has none.
  std::vector<int64_t> labels(const Model& model) const;

  // For `count` samples: sample i takes the label and the image i modulo how many there are. Images of
  // another size are refused unless `fit` is resize or pad. Error, with one line on what is missing, when the
  // model needs what was not given, or the other way round.
  Told told(const Model& model, int64_t count, const std::string& fit) const;

  // The same where the samples stand for images x [N, C, H, W] and their labels, which are -1 or undefined
  // where there are none: what the flags do not say comes from them.
  Told told_by(const Model& model, const torch::Tensor& x, const torch::Tensor& label,
               const std::string& fit) const;
};

}  // namespace steer
