// Strengths of guidance found by trying: which settings do best by a yardstick.
#pragma once

#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/models/models.h"
#include "steer/search/search.h"
#include "steer/work/telling.h"
#include "steer/work/trials.h"
#include "steer/work/watching.h"
#include "steer/work/yardstick_opening.h"

namespace steer {

// What is searched, by what, and where it is kept.
struct SearchingOptions {
  std::string run;                   // how the preset names the model, for people
  std::string objective;             // the user's words
  std::string metric;                // as measure(); empty: accuracy with a judge, psnr with data, else score
  YardstickOptions yardsticks;       // what the metric needs
  std::string data, split = "test";  // a data set: each of its samples is the truth of one; empty: none
  std::string fit;                   // of its samples, and of files in the words
  Telling telling;                   // what samples are told that the data do not say
  Json settings = Json::object();    // of Generator::plan; what is searched goes over them
  std::vector<std::string> knobs;    // as parse_knob(); none: those of the method
  SearchOptions search;              // how, and with how many samples
  int64_t batch = 64;                // samples made at once
  int64_t confirm = 0;               // the best is measured again on so many other samples; 0: is not
  uint64_t seed = 0;                 // of the first sample of every trial
  std::string preset = "preset.json";  // where the best is written: settings, with where they came from
  std::string journal = "preset.json.trials.jsonl";  // where trials are written, and gone on from
};

// What was found.
struct Searched {
  std::string objective;     // in words
  std::string metric;        // that was selected by
  std::vector<Knob> knobs;   // that were searched
  SearchResult result;       // all trials; result.best is one of them
  size_t known = 0;          // how many an earlier run had made
  Json figures;              // what the preset holds; null where the watch ended it
  bool confirmed = false;    // whether the best was measured again
  double confirmation = 0;   // its metric then; NaN where it failed
  bool interrupted = false;  // the watch ended it: all trials are kept, the same call goes on
};

// Searches. Error for a model whose guidance has no strengths, a metric for which something is missing, knobs
// that do not exist, a journal of another search, and where no trial works.
Searched search_guidance(const LoadedModel& loaded, const SearchingOptions& options, torch::Device device,
                         const WorkWatch& watch = {});

// All trials, those of most samples first, then the best first.
std::vector<Trial> by_merit(const Searched& searched);

}  // namespace steer
