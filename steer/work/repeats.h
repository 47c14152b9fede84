// Samples that stand in two sets: a test on them shows what a model knows by heart.
#pragma once

#include <optional>
#include <string>

#include "steer/data/data_options.h"
#include "steer/data/dataset.h"

namespace steer {

// How many of some samples are training samples.
struct Repeats {
  int64_t tested = 0;    // samples looked at
  int64_t repeated = 0;  // those that equal a training sample in every number
};

// The first `count` (0: all) of `tested` that `trained` holds too. Both are read once, in batches; only a
// number of 64 bits of each is kept.
Repeats repeats(const Dataset& tested, const Dataset& trained, int64_t count = 0);

// Test samples of the data that equal a training sample: of the split that the options name, or of the test
// split where that is train. Nothing where the data have only one split, or where samples are none of
// numbers (text).
std::optional<Repeats> repeats_across_splits(const DataOptions& options, int64_t count = 0);

// "3 of 556 test samples equal a training sample".
std::string text_of(const Repeats& repeats, const std::string& split);

}  // namespace steer
