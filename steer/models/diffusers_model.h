// Diffusion models as folders of the diffusers library, taken over and handed on.
#pragma once

#include <memory>
#include <string>

#include "steer/models/diffusers.h"
#include "steer/models/models.h"

namespace steer {

// The model in a folder (see read_diffusers): process ddpm or cosine, told classes where its network is,
// drawn by 50 steps of ddim unless asked otherwise. Error also for a schedule that no process here has
// (scaled_linear).
std::unique_ptr<DiffusionModel> import_diffusers(const std::string& folder);

// Writes a model as write_diffusers does. Error unless its process is ddpm or cosine and it predicts eps, x0
// or v: the library's pipelines know no others.
void export_diffusers(const std::string& folder, DiffusionModel& model);

}  // namespace steer
