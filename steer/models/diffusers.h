// U-Nets of the diffusers library, as its folders: read, and written so that the library opens them.
#pragma once

#include <map>
#include <string>

#include "steer/models/diffusers_config.h"
#include "steer/models/diffusers_schedule.h"

namespace steer {

// What such a folder holds.
struct DiffusersModel {
  UNetOptions network;                    // the shape of the network
  DiffusersSchedule schedule;             // the process that it was trained on
  std::map<std::string, Tensor> tensors;  // float32, every one that parameter_shapes(network) names
  // Chance that a class was not told in training: above 0 the last of num_class_embeds says "no class". The
  // library has no word for it; config.json has it under a remark of ours, which the library passes over and
  // writes again.
  double label_dropout = 0;
};

// The model in a folder with config.json and diffusion_pytorch_model.safetensors (or the index of its parts,
// or the one variant of either) in it or in its folder unet/, and scheduler_config.json in it or in
// scheduler/. `variant` names one, such as fp16. float64, float32, float16 and bfloat16 become float32; the
// older names of attention weights (query, key, value, proj_attn) and their shapes as 1x1 convolutions become
// today's. Error where the files are missing, cut off, in Python's pickle format or describe what is not
// built here, and one that names the tensors that are missing, misshaped and unknown.
DiffusersModel read_diffusers(const std::string& folder, const std::string& variant = "");

// Writes unet/ and scheduler/ and, for betas and flow, whose networks see their samples as they are, a
// model_index.json for the library's DDPMPipeline; the folder is made, files of these names are replaced.
// What read_diffusers gives back is the same bit for bit, except zero_init, which is no part of the format.
// Error where the tensors are not those of the network.
void write_diffusers(const std::string& folder, const DiffusersModel& model);

}  // namespace steer
