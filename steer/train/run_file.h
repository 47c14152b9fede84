// The file of options that a run is made of and leaves behind: RunOptions, and under the family's word those
// of the model.
#pragma once

#include <string>

#include "steer/core/json.h"
#include "steer/models/model.h"
#include "steer/train/options.h"

namespace steer {

// A file's options, apart.
struct RunFile {
  std::string family;           // empty where the file names none
  Json model = Json::object();  // of the model, where the file has some
  RunOptions options;           // of the rest: training and data
};

// Lays the JSON of a file, `where`, over `defaults`. With `family` the file must be of that one, where it
// says; without, its own word counts. Error for unknown keys.
RunFile read_run_file(Json json, const std::string& family, const std::string& where,
                      const RunOptions& defaults = {});

// All options of a run, completed.
Json run_json(const RunOptions& options, const Model& model);

}  // namespace steer
