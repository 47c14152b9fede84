// What a file is: a model, codes, an index of them, a prior, a picture, or any tensors.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "steer/codes/code_index.h"
#include "steer/core/json.h"
#include "steer/models/facts.h"
#include "steer/models/models.h"
#include "steer/picture/png_texts.h"

namespace steer {

// A run or checkpoint.
struct InspectedModel {
  std::string family;                // its word
  int64_t parameters = 0;            // values in all of them
  Space space;                       // of its samples
  Facts facts;                       // worth knowing beside the options
  TrainingState state;               // how far it was trained
  Json options;                      // of the model
  ClassNames classes;                // their names, where it has some
  std::vector<std::string> presets;  // of guidance, that ship with it (preset_files.h)
};

// Any safetensors file.
struct InspectedTensors {
  CheckpointHeader header;  // names, types, shapes and words
  int64_t values = 0;       // numbers in all tensors
};

// A file of codes.
struct InspectedCodes {
  CodeHeader header;  // all but the indices
  double bits = 0;    // log2 of the number of codes
  int64_t bytes = 0;  // of the file
};

// An index of codes.
struct InspectedIndex {
  std::string data, split, fit;  // what it is of
  InspectedCodes codes;          // whose bytes are those of the whole file
  std::vector<int64_t> sketch;   // sizes of a sketch, [C, S, S]
};

// A learned prior over codes.
struct InspectedPrior {
  uint64_t model = 0;               // fingerprint of the model whose codes it knows
  uint64_t fingerprint = 0;         // its own
  std::vector<int64_t> candidates;  // K of each layer
  int64_t width = 0;                // units
  int64_t labels = 0;               // that it may be told; 0: none
  std::string training;             // words about how it was learned
};

// A PNG.
struct InspectedPicture {
  int64_t channels = 0, height = 0, width = 0;  // in pixels
  std::vector<PngText> texts;                   // what else it says
  Json recipe;  // how it was made, out of its text "steer"; null where it has none
};

// What was found.
struct Inspection {
  std::string path;  // as it was asked for
  // Of one of these kinds.
  std::variant<InspectedModel, InspectedTensors, InspectedCodes, InspectedIndex, InspectedPrior,
               InspectedPicture>
      what;
  Json figures;  // the same by name
};

// What is at `path`, a run folder or a file; `tensors` lists the tensors of a safetensors file, whatever else
// it is. Error where there is nothing, and for files that are damaged or of no kind that is known.
Inspection inspect(const std::string& path, bool tensors = false);

}  // namespace steer
