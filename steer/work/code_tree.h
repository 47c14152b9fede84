// The first layers of a code as a tree of samples.
#pragma once

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
};

// The tree.
struct CodeTree {
  std::vector<State> levels;  // K^(l + 1) samples at level l; child k of prefix i in row i K + k
  int64_t branching = 0;      // K
  int64_t prefixes = 0;       // of all levels together
  Tensor picture;             // [C, S, S]: each prefix in the middle of a square, its children around it
  Json figures;               // the counts by name
};

// Error for a model without codes, whose first layers differ in K, or whose kind of sample cannot be drawn
// so; and for too many prefixes.
CodeTree code_tree(const LoadedModel& loaded, const CodeTreeOptions& options);

}  // namespace steer
