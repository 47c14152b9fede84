// The first layers of a code as a tree of samples.
#pragma once

#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/models/models.h"
#include "steer/work/telling.h"

namespace steer {

// What is drawn of it.
struct CodeTreeOptions {
  Telling telling;      // of one sample
  int64_t levels = 3;   // layers, from the first on
  int64_t cell = 24;    // pixels of the last level's samples
  int64_t most = 4096;  // prefixes at the last level
  // Of models that know how likely their indices are, in place of all prefixes:
  int64_t each = 4;   // likeliest indices of a layer
  std::string after;  // the text that stands before
};

// The tree.
struct CodeTree {
  std::vector<State> levels;  // K^(l + 1) samples at level l; child k of prefix i in row i K + k
  int64_t branching = 0;      // K
  int64_t prefixes = 0;       // of all levels together
  Tensor picture;  // [C, S, S]: each prefix in the middle of a square, its children around it; of likely ones
                   // a line for each
  std::string lines;  // of likely ones: how likely, and what each says; else empty
  Json figures;       // the counts by name
};

// All prefixes, or, of models that know how likely their indices are (Codec::likely), the likeliest. Error
// for a model without codes, whose first layers differ in K, or whose kind of sample cannot be drawn so; and
// for too many prefixes.
CodeTree code_tree(const LoadedModel& loaded, const CodeTreeOptions& options);

}  // namespace steer
