// Samples steered by an objective.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/models/generator.h"
#include "steer/objectives/objective.h"
#include "steer/search/beside.h"
#include "steer/work/begun.h"
#include "steer/work/judging.h"
#include "steer/work/telling.h"
#include "steer/work/watching.h"

namespace steer {

// What is wanted. All samples are drawn side by side, since some objectives and searches compare them.
struct GuideOptions {
  std::string objective;           // words, as make_objective
  std::string fit;                 // of files in the words: resize, pad, or empty for the exact size only
  int64_t count = 8;               // N, at least 1
  std::vector<int64_t> seeds{0};   // one for each sample; a single one: sample i takes it + i
  Json settings = Json::object();  // of Generator::plan
  Telling telling;                 // sample i is told number i
  Begun begun;                     // sample i begins from file i
  State made;                      // in place of files: N samples of another model
  bool check = false;  // draw a few samples without guidance beside, and say if those score better

  // For part of a larger work: the first sample is number `first` of it, from 0, and the noise that an
  // objective adds to what it is given has this seed; nothing: the first of `seeds`.
  int64_t first = 0;
  std::optional<int64_t> noise_seed;
};

// The objective that guide() makes for samples of the space.
std::unique_ptr<Objective> objective_of(const GuideOptions& options, const Space& space,
                                        torch::Device device);

// What came of it; all on the processor.
struct Guided {
  State state;         // N samples; undefined where they were stopped
  Tensor scores;       // [N], by the objective
  State given;         // what the objective was made from, inside the space's limit, of texts with gaps where
                       // nothing is known; undefined where there is no such picture
  AskedClasses asked;  // of each sample
  std::string words;   // the objective as the user would write it
  double seconds = 0;  // of drawing
  int64_t steps = 0;   // or layers, as the watch sees them
  int64_t evaluations = 0;       // of the network for one sample; 0 where they are not counted
  Json settings;                 // Plan::settings
  std::string text;              // Plan::text
  bool together = false;         // Plan::together
  bool stopped = false;          // the watch ended it
  std::optional<Beside> beside;  // where that was asked
};

// Draws them with the objective on `device`, where the model is; tells the watch as "guide". Error as
// make_objective, Generator::plan and told_by.
Guided guide(const Generator& generator, const GuideOptions& options, torch::Device device,
             const WorkWatch& watch = {});

}  // namespace steer
