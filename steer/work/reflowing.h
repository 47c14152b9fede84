// Straightens a trained flow, or cuts it down to one step.
#pragma once

#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/models/models.h"
#include "steer/train/trainer.h"
#include "steer/work/opening.h"
#include "steer/work/watching.h"

namespace steer {

// What is asked.
struct ReflowRequest {
  std::string run;                 // the flow, for the run's data.path
  std::string out;                 // run folder to make or continue; the pairs are kept in it
  bool resume = false;             // go on exactly where its last checkpoint stands
  bool distil = false;             // train the one step from noise to sample in place of straight lines
  Json settings = Json::object();  // of Generator::plan, without an objective: how the pairs are drawn
  int64_t pairs = 10000;           // to draw
  int64_t batch = 100;             // of them at once; they do not depend on it
  std::vector<std::string> sets;   // single options of training, "train.rate=1e-4"
  double minutes = 0;              // a budget in place of the options', where one of the two is above 0
  int64_t images = 0;              // the same in pairs seen
  int64_t seed = 0;                // of the first pair, and of training
  Computing computing;             // a precision of "auto" leaves the options' own
};

// What came of it.
struct Reflowing {
  int64_t pairs = 0;          // in the run's pairs.safetensors
  bool drawn_before = false;  // they stood there already
  Json sampler;               // that drew them
  std::string text;           // the same for people
  TrainSummary summary;       // of training
};

// Draws pairs unless they stand there, and trains on them: gently, a fine-tuning, or by the options of the
// run resumed. Tells the watch as "draw pairs" and "reflow OUT". Error for a model that is no flow, a folder
// with a run that is not resumed, and a watch that ends the drawing: then there is nothing to keep.
Reflowing run_reflow(const LoadedModel& loaded, const ReflowRequest& request, const WorkWatch& watch = {});

// The same as Json: run, out, pairs, sampler, distil, images, seconds, interrupted, the last figures.
Json reflowing_json(const Reflowing& made, const ReflowRequest& request);

}  // namespace steer
