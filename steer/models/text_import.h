// Transformers of other programs as models of text.
#pragma once

#include <memory>
#include <string>

#include "steer/models/models.h"

namespace steer {

// A folder with config.json and model.safetensors, as the transformers library writes it:
//
//   GPT-2 (model_type gpt2)                    an ar model; begins with <|endoftext|>
//   MDLM, BD3-LM's base (model_type mdlm)      a text model of masks
//   SEDD (config with graph, noise and model)  a text model of masks or uniform noise
//
// The tokenizer is the one in the folder, or at `tokenizer` where that is not empty (tokenizer_files.h). A
// noise level that is always 0 (MDLM without time conditioning) is folded into norms and projections. Error,
// naming the file, for other models and shapes, missing, unknown or misshaped tensors, and a vocabulary that
// is not the tokenizer's.
std::unique_ptr<Model> import_text(const std::string& folder, const std::string& tokenizer = "");

}  // namespace steer
