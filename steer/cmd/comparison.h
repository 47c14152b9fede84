// What a comparison compares: tasks and ways of guidance, out of a JSON file.
#pragma once

#include "steer/cmd/guidance.h"
#include "steer/core/option_fields.h"

namespace steer {

struct ComparedTask {
  std::string name, objective, judge, features, reference, data, split = "test", fit, metric;
  int64_t count = 64, batch = 64;
  bool same_judge = false;

  void fields(OptionFields& f) {
    f("name", name, "what the report calls it");
    f("objective", objective, "as in steer guide");
    f("data", data, "a data set whose images are the truth of one sample each");
    f("split", split, "its split");
    f("fit", fit, "how its images reach the model's size");
    f("judge", judge, "a classifier that does not guide");
    f("same_judge", same_judge, "allow one that does");
    f("features", features, "a network of features");
    f("reference", reference, "a data set whose test images samples are compared with");
    f("metric", metric, "what strengths are searched by; empty: accuracy with a judge, else psnr");
    f("count", count, "samples");
    f("batch", batch, "samples made at once");
  }
};

// One way of guidance, of one family.
struct ComparedMethod {
  std::string name;
  std::string family = "diffusion";
  // Of a ddn.
  double top = 1, temperature = 1;
  int64_t beam = 1, particles = 0, shortlist = 0;
  // Of a diffusion.
  std::string method;  // of guidance_names(), or unguided
  double strength = 0;
  GuidanceOptions guidance;  // what the method stands for, with what the file says over it
  SamplerOptions sampler;
  bool searched = false;  // its strengths are searched
};

struct ComparisonPlan {
  std::vector<ComparedTask> tasks;
  Json methods;                             // by name, as in the file, or all that suit both families
  int64_t search = 0, search_samples = 16;  // trials of each method with a gradient, and samples of a trial
};

// The file {"tasks": [...], "methods": {...}, "search": N, "search_samples": N}. Error for unknown keys.
ComparisonPlan read_comparison(const std::string& path);

// The method that `json` describes in the file at `path`. Error for unknown keys and methods.
ComparedMethod compared_method(const std::string& name, const Json& json, const std::string& path);

// How a model of the method's family is asked for samples.
GuidancePlan plan_of(const ComparedMethod& method, const Model& model, const Json& json,
                     const std::string& path);

// The setting in words.
std::string setting_text(const GuidancePlan& plan, const ComparedMethod& method);

}  // namespace steer
