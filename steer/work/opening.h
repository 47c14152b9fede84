// Models ready for work.
#pragma once

#include <string>

#include "steer/models/models.h"

namespace steer {

// Where and how a model computes.
struct Computing {
  torch::Device device = torch::kCPU;  // where the model is
  std::string precision = "auto";      // of convolutions: auto, float32 or bfloat16
};

// A model out of a run folder or checkpoint file, or one that ships by its name (shipped.h), that computes
// so. Error as load_model.
LoadedModel open_model(const std::string& run, const Computing& computing);

// What a model is, in a line: "runs/a/model.safetensors: ddn model, 1234 parameters, image 3x32x32, trained
// on 50000 samples; bfloat16, 2 threads".
std::string text_of(const LoadedModel& loaded, const Computing& computing);

// The device that a word names: cpu or cuda. Error for another, and for a GPU that is not there.
torch::Device device_of(const std::string& word);

}  // namespace steer
