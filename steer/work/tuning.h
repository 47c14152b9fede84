// Fine-tunes a generator through its own samples, and measures what came of it.
#pragma once

#include <optional>
#include <string>

#include "steer/models/models.h"
#include "steer/train/tune.h"
#include "steer/work/judging.h"
#include "steer/work/watching.h"

namespace steer {

// What is asked.
struct TuningRequest {
  std::string objective;  // its words: one target, with a gradient
  std::string fit;      // of files of another size that the words name: resize, pad, or empty to refuse them
  std::string out;      // new run folder: the tuned model, a picture of samples before and after
  std::string judge;    // a classifier that tells how many samples are of the class asked; empty: none
  TuneOptions options;  // `batch` is also that of the samples measured
  int64_t count = 500;  // samples measured before and after, at least 2
  int64_t batch = 50;   // of these at once
};

// What samples of fixed seeds are like.
struct TunedSamples {
  State samples;                   // on the processor
  double score = 0;                // mean
  double diversity = 0;            // pixel_diversity
  std::optional<Verdict> verdict;  // with a judge
};

// What came of it.
struct Tuning {
  std::string objective;       // its full words
  TunedSamples before, after;  // of the same seeds
  TuneState state;             // how far it came
  bool interrupted = false;    // the watch ended it; all is written nevertheless
  std::string picture;         // path of before_after.png
};

// Tunes the model in `loaded` and writes it; `run` names it in the picture's twin. Tells the watch as "tune
// OUT". Error for a family that cannot be tuned, a folder that is there already, and as tune().
Tuning run_tuning(LoadedModel loaded, const std::string& run, const TuningRequest& request,
                  const WorkWatch& watch = {});

// The same as Json: run, out, objective, steps, samples, before, after, interrupted.
Json tuning_json(const Tuning& tuning, const std::string& run, const TuningRequest& request);

}  // namespace steer
