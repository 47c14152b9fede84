// Weights of the published network of molecules (Hoogeboom et al. 2022, "EDM"), taken over as a model.
#pragma once

#include <memory>
#include <string>

#include "steer/core/option_fields.h"
#include "steer/models/diffusion_model.h"

namespace steer {

// What the weights do not tell; they stand in the original's args.pickle.
struct EdmImport {
  std::string elements = "HCNOF";
  double type_scale = 4;
  double divisor = 1;
  int64_t steps = 1000;

  void fields(OptionFields& f) {
    f("elements", elements, "symbols of the types, in the order of the dataset's atom_decoder");
    f("type_scale", type_scale, "normalize_factors' second: one-hot types were divided by it", more_than(0));
    f("divisor", divisor, "normalization_factor: sums over pairs were divided by it", more_than(0));
    f("steps", steps, "diffusion_steps, of the noise schedule polynomial_2", from_to(2, 1000000));
  }
};

// The model that a file holds: a safetensors file of the state dict of the whole diffusion or of its network
// (tools/export_official.py writes one from generative_model_ema.npy), with attention, tanh and one sublayer,
// as published. Samples have as many atoms as the molecules of QM9's training part. Error for networks that
// are told charges or properties, and when a tensor is missing, unknown or misshaped.
std::unique_ptr<DiffusionModel> import_edm(const std::string& file, const EdmImport& options);

}  // namespace steer
