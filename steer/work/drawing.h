// Unguided samples, as many as asked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/models/generator.h"
#include "steer/work/begun.h"
#include "steer/work/telling.h"
#include "steer/work/watching.h"

namespace steer {

// What is drawn.
struct DrawOptions {
  int64_t count = 64;              // N, at least 1
  std::vector<int64_t> seeds{0};   // one for each sample; a single one: sample i takes it + i
  int64_t batch = 64;              // samples made at once, at least 1; the samples do not depend on it
  Json settings = Json::object();  // of Generator::plan
  Telling telling;                 // sample i is told number i
  Begun begun;                     // sample i begins from file i
  State made;                      // in place of files: N samples of another model
  int64_t first = 0;  // for part of a larger work: the first sample is number `first` of it, from 0
};

// What came of it; all on the processor.
struct Drawn {
  State state;              // N samples; of the batches before, where it was stopped
  Told told;                // what they were told, N rows
  Tensor code;              // int64 [N, L] for families that have codes, else undefined
  double seconds = 0;       // of drawing
  int64_t steps = 0;        // or layers, as the watch sees them
  int64_t evaluations = 0;  // of the network for one sample; 0 where they are not counted
  Json settings;            // Plan::settings
  std::string text;         // Plan::text
  bool stopped = false;     // the watch ended it
};

// Draws them in batches; tells the watch as "sample". Sample i is a function of its seed, what it is told and
// the settings alone. Error for numbers out of range, and as Generator::plan and told_by.
Drawn draw(const Generator& generator, const DrawOptions& options, const WorkWatch& watch = {});

}  // namespace steer
