// Search for the strengths of guidance: by doubling, as published with TFG, or by successive halving.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "steer/core/json.h"

namespace steer {

// A setting that is searched: start, start factor, start factor^2, ... up to cap.
struct Knob {
  std::string name;           // as knobs.h knows it
  double start, factor, cap;  // of the values

  std::vector<double> values() const;  // all of them, rising
};

// "climb.rho=0.25:2:8": start, factor and cap. Error for other texts, a start or cap not above 0, a factor
// not above 1.
Knob parse_knob(const std::string& text);

// How the search goes, and how long.
struct SearchOptions {
  std::string method = "doubling";  // doubling or halving
  int64_t keep = 2;                 // doubling: the best so many have children
  int64_t sweeps = 6;               // doubling: rounds of children
  int64_t samples = 64;             // of a trial; halving: of the last one
  int64_t budget = 0;               // the most samples in all; 0: no limit (halving: 32 trials begin)
  uint64_t seed = 0;                // of halving's choice
  bool higher_is_better = true;     // of the metric
};

// One setting tried.
struct Trial {
  std::vector<double> values;  // one for each knob
  int64_t samples = 0;         // that it was judged by
  double metric = 0;           // NaN where it failed
  Json figures;                // whatever else is to be told
};

// What was tried, and what was best.
struct SearchResult {
  std::vector<Trial> trials;  // in the order made, those of earlier runs first
  int64_t best = -1;          // among the trials of most samples; -1 if all failed
  int64_t samples = 0;        // in all
  bool interrupted = false;   // by SearchHooks::stop
};

// What a search asks and tells on its way.
struct SearchHooks {
  // Tries a setting with so many samples: metric and figures.
  std::function<Trial(const std::vector<double>& values, int64_t samples)> run;

  std::function<void(const Trial&)> made;  // after every new trial; may be empty
  std::function<bool()> stop;              // asked before every trial; may be empty
  std::vector<Trial> known;                // trials of an earlier run, not made again
};

// Looks for the best setting, by one of two methods.
//
// - doubling (Ye et al. 2024, section 4.3): begins at all starts; in each sweep the children of the `keep`
//   best, which have one knob multiplied by its factor, are tried; ends when there are no new ones.
// - halving (Jamieson and Talwalkar 2016): settings drawn from the whole grid are tried with few samples, the
//   better half again with twice as many, until `samples` are reached.
//
// Trials that fail lose to all others. Error without knobs.
SearchResult search(const std::vector<Knob>& knobs, const SearchOptions& options, const SearchHooks& hooks);

}  // namespace steer
