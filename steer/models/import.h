// Weights of the official networks, as safetensors files of their state dicts (tools/export_official.py
// writes them), taken over as models.
#pragma once

#include "steer/models/models.h"

namespace steer {

// What the weights do not tell.
struct ImportOptions {
  std::string network = "pyramid";  // pyramid | recurrent
  ConditionOptions condition;       // what the network was trained to be told
  std::string start = "zeros";      // of the pyramid, see PyramidOptions; older files began with ramp
  bool residual = true;             // of the pyramid; the recurrent network never is
  int64_t image_channels = 3;       // of the pyramid
  int64_t repeats = 10;             // of the recurrent network
};

// The model that a file holds. Names may begin with the wrapper's prefix ("model." for the pyramid,
// "ddn_seqen.0." for the recurrent network) or do without; widths, layers, candidates and sizes follow from
// the shapes; float64, float32, float16 and bfloat16 become float32; the buffers resample_filter and
// split_idxs are dropped. Node counts start at zero. Error when any other tensor is missing, unknown or
// misshaped.
std::unique_ptr<DdnModel> import_official(const std::string& file, const ImportOptions& options);

}  // namespace steer
