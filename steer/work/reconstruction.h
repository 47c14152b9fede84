// Samples through the code and back.
#pragma once

#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/models/models.h"
#include "steer/work/samples.h"
#include "steer/work/telling.h"
#include "steer/work/watching.h"

namespace steer {

// What is reconstructed, and how.
struct ReconstructionOptions {
  SampleSource source;  // what is reconstructed
  Telling telling;      // what it does not say comes from the source
  int64_t beam = 1;     // prefixes side by side while encoding; 1 = greedy
  // Layers in the strip and the film at most, evenly spread from the first to the last; 0: none.
  int64_t strip_columns = 0;
  bool film = false;                   // of these layers a film too
  int64_t batch = 64;                  // samples at once
  torch::Device device = torch::kCPU;  // where the model is
};

// One layer of the codes.
struct ReconstructedLayer {
  std::vector<int64_t> places;  // sizes of what the layer decides
  int64_t candidates = 0;       // K
  double mse = 0;               // mean squared error after it, at its own size
};

// What came of it.
struct Reconstruction {
  State truth, samples;                    // N of each
  std::vector<ReconstructedLayer> layers;  // L of them
  double mse = 0;                          // after the last
  Tensor picture;                          // [C, h, w]: the truth above what came back
  // [C, h, w]: each row a sample, then what its code says after each of some layers; or undefined.
  Tensor strip;
  Tensor film;  // uint8 [F, C, h, w]: the truth above what the code says after each of them; or undefined
  std::vector<int64_t> strip_layers;  // those layers, from 1
  Json figures;                       // mse, psnr in dB and the like by name
};

// Error for a model without codes, and as SampleSource::load and told_by.
Reconstruction reconstruct(const LoadedModel& loaded, const ReconstructionOptions& options,
                           const WorkWatch& watch = {});

}  // namespace steer
