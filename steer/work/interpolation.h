// From one sample to another, through a ddn's code or a diffusion's noise.
#pragma once

#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/models/models.h"

namespace steer {

// Between what, and how.
struct InterpolationOptions {
  std::vector<std::string> ends;  // two files; none where there are seeds
  std::vector<int64_t> seeds;     // noise: two seeds in their place
  std::string label;              // noise: the class of all, where the model is told one
  std::string fit;                // of files of another size: resize, pad, or empty to refuse them
  int64_t steps = 9;              // samples of the way, both ends among them; at least 2
  // layers: along the tree. Fewer and fewer of the first layers are those of the first code; from there on
  // each takes what comes nearest to the second sample. Of these samples, one more than there are layers,
  // those that lie at even distances. values: at each step the code nearest to the blend of both samples'
  // numbers. noise: of a diffusion, on the great circle between the noises of both ends (between(),
  // models/diffusion_beginning.h), which are found backwards for files; each drawn by the model's own
  // sampler. Empty: layers, of a diffusion noise.
  std::string by;
  torch::Device device = torch::kCPU;
};

// The way.
struct Interpolation {
  State samples;            // what the codes decode to; fewer than `steps` where there are not so many
  Tensor code;              // int64 [steps, L]; undefined by noise
  double mean_step = 0;     // root mean square of what changes in a step, over all steps
  double longest_step = 0;  // the same, of the longest
  Tensor picture;           // [C, h, w]: the first end, the way, the second end
  Json figures;             // the same by name
};

// Of samples on a way, given the lengths of its steps (float64 [M - 1], not negative), the rising indices of
// at most n that lie nearest to even distances along it, both ends among them; samples that do not move are
// left out.
std::vector<int64_t> even_places(const Tensor& lengths, int64_t n);

// Frames of the way as a film: uint8 [F, C, h, w], small samples enlarged.
Tensor film_of(const Space& space, const State& samples);

// Error for a model that does not go that way, for anything but two ends, and as read_samples.
Interpolation interpolate(const LoadedModel& loaded, const InterpolationOptions& options);

}  // namespace steer
