// From one sample to another through the code.
#pragma once

#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/models/models.h"

namespace steer {

// Between what, and how.
struct InterpolationOptions {
  std::vector<std::string> ends;  // two files
  std::string fit;                // of files of another size: resize, pad, or empty to refuse them
  int64_t steps = 9;              // samples of the way, both ends among them; at least 2
  // layers: at each step more of the first layers are those of the second code. values: at each step the code
  // nearest to the blend of both samples' numbers.
  std::string by = "layers";
  torch::Device device = torch::kCPU;
};

// The way.
struct Interpolation {
  State samples;            // `steps` of them, what the codes decode to
  Tensor code;              // int64 [steps, L]
  double mean_step = 0;     // root mean square of what changes in a step, over all steps
  double longest_step = 0;  // the same, of the longest
  Tensor picture;           // [C, h, w]: the first end, the way, the second end
  Json figures;             // the same by name
};

// Codes int64 [n, L] whose first layers are those of `b`, from none to all, and whose rest is `a`'s; both
// int64 [L], n at least 2.
Tensor blended_codes(const Tensor& a, const Tensor& b, int64_t n);

// Error for a model without codes, for anything but two ends, and as read_samples.
Interpolation interpolate(const LoadedModel& loaded, const InterpolationOptions& options);

}  // namespace steer
