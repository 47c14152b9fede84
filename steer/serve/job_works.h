// What jobs do: samples drawn, strengths searched. Everything here happens on the worker's thread, which owns
// all tensors.
#pragma once

#include <list>
#include <memory>
#include <string>

#include "steer/serve/history.h"
#include "steer/serve/job_queue.h"
#include "steer/work/recipe.h"
#include "steer/work/searching.h"

namespace steer {

// Models that were opened, the last few of them.
class OpenModels {
 public:
  // Models compute so.
  explicit OpenModels(Computing computing) : computing_(std::move(computing)) {}

  // The model at a path. Error as open_model.
  std::shared_ptr<const LoadedModel> at(const std::string& path);
  // How they compute.
  const Computing& computing() const { return computing_; }

 private:
  Computing computing_;
  std::list<std::pair<std::string, std::shared_ptr<const LoadedModel>>> open_;  // the last used first
};

// Draws the samples, showing previews, and writes them: ID.png with all of them, ID.0.png and so on, beside
// these files of the kind's own format where it has one. Gives {"kind", "samples", "own", "seconds", "text",
// "classes", "figures"}, `own` the ending of that format or empty.
Json samples_made(const Recipe& recipe, OpenModels& models, const JobHistory& history, JobLook& look);

// Searches, and writes ID.preset.json and ID.trials.jsonl. Gives {"metric", "trials", "samples", "value",
// "confirmed", "knobs", "preset": {"guidance", "sampler"}}.
Json strengths_found(SearchingOptions options, OpenModels& models, const JobHistory& history, JobLook& look);

}  // namespace steer
