// What a comparison compares: tasks and ways of guidance, out of a JSON file.
#pragma once

#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/core/option_fields.h"
#include "steer/models/generator.h"

namespace steer {

// An objective, and what is measured of the answers.
struct ComparedTask {
  std::string name, objective, judge, features, reference, data, split = "test", fit, metric;
  int64_t count = 64, batch = 64;
  bool same_judge = false;

  void fields(OptionFields& f) {
    f("name", name, "what the report calls it");
    f("objective", objective, "as in steer guide");
    f("data", data, "a data set whose samples are the truth of one sample each");
    f("split", split, "its split");
    f("fit", fit, "how its samples reach the model's size");
    f("judge", judge, "a classifier that does not guide");
    f("same_judge", same_judge, "allow one that does");
    f("features", features, "a network of features");
    f("reference", reference, "a data set whose test samples are compared with");
    f("metric", metric,
      "what strengths are searched by; empty: accuracy with a judge, psnr with data, else score");
    f("count", count, "samples", from_to(1, 1 << 30));
    f("batch", batch, "samples made at once", from_to(1, 1 << 20));
  }
};

// One way of guidance. It runs with every model that takes its settings.
struct ComparedMethod {
  std::string name;    // what the report calls it
  std::string family;  // the only one it runs with; empty: any
  Json settings;       // of Generator::plan, as in the file
  bool guided = true;  // false where the file says {"method": "unguided"}: the objective only judges
  // Its strengths are searched where it has any: the file gives none and does not forbid it.
  bool searched = false;
  Json json;  // as in the file
};

// What a file asks for.
struct ComparisonPlan {
  std::string path;                         // the file, for messages
  std::vector<ComparedTask> tasks;          // at least one
  std::vector<ComparedMethod> methods;      // in the file's order; without any, all there are
  int64_t search = 0, search_samples = 16;  // trials of each method with a gradient, their samples
};

// The file {"tasks": [...], "methods": {...}, "search": N, "search_samples": N}. Error, naming the place, for
// unknown keys and settings, methods of guidance that do not exist and their options.
ComparisonPlan read_comparison(const std::string& path);

// Whether the model takes the method's settings, and is of its family.
bool runs_with(const ComparedMethod& method, const Generator& generator);

// The settings by which this model runs the method: a comparison takes the best candidate where a file does
// not say among how many, and unguided samples have the sampler of guided ones.
Json settings_for(const ComparedMethod& method, const Generator& generator, const Objective& objective);

}  // namespace steer
