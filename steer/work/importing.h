// Weights made elsewhere as run folders, and models for other programs.
#pragma once

#include <string>

#include "steer/core/json.h"
#include "steer/models/diffusers_model.h"
#include "steer/models/edm_import.h"
#include "steer/models/facts.h"
#include "steer/models/import.h"

namespace steer {

// A run that was made.
struct Imported {
  std::string run;         // its folder
  int64_t parameters = 0;  // of its model
  Space space;             // of its model's samples
  Facts facts;             // of its model
  Json figures;            // the same by name, and where the weights came from
};

// The weights of an official network as a run in the folder `out`; see import_official. Error where the
// folder holds a run already.
Imported import_weights(const std::string& weights, const ImportOptions& options, const std::string& out);

// A folder of the diffusers library as a run in the folder `out`; see import_diffusers. Error where the
// folder holds a run already.
Imported import_folder(const std::string& diffusers, const DiffusersImport& options, const std::string& out);

// Weights of the published network of molecules as a run in the folder `out`; see import_edm. Error where the
// folder holds a run already.
Imported import_molecules(const std::string& weights, const EdmImport& options, const std::string& out);

// A transformer of text as a run in the folder `out`; see import_text. Error where the folder holds a run
// already.
Imported import_transformer(const std::string& folder, const std::string& tokenizer, const std::string& out);

// A model as a folder of the diffusers library; see export_diffusers. Gives figures: folder, parameters.
// Error for a model that is no diffusion.
Json export_folder(const LoadedModel& loaded, const std::string& diffusers);

}  // namespace steer
