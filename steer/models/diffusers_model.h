// Diffusion models as folders of the diffusers library, taken over and handed on.
#pragma once

#include <memory>
#include <string>

#include "steer/models/diffusers.h"
#include "steer/models/models.h"

namespace steer {

// What the folder does not tell.
struct DiffusersImport {
  int64_t size = 0;               // height and width of the images; 0 = as config.json says
  std::string variant;            // of the weights, such as fp16; empty = the plain ones, or the only ones
  bool last_is_no_class = false;  // the last class of the network says "no class", whatever the folder tells
};

// The model in a folder (see read_diffusers): process ddpm, cosine, edm or flow, told classes where its
// network is; those of tables are drawn by 50 steps of ddim on the places where the folder's scheduler goes,
// clipped as it clips. Error also for a schedule that no process here has (scaled_linear), and where neither
// folder nor options tell the size.
std::unique_ptr<DiffusionModel> import_diffusers(const std::string& folder,
                                                 const DiffusersImport& options = {});

// Writes a model as write_diffusers does. Error, with the reason, for models that no scheduler of the library
// suits: of other processes than ddpm, cosine, edm and flow, or of other predictions than its schedulers
// know.
void export_diffusers(const std::string& folder, DiffusionModel& model);

}  // namespace steer
