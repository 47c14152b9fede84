// Settings tried on an objective: samples drawn, measured, and the best strengths of guidance found so.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "steer/core/json.h"
#include "steer/search/knobs.h"
#include "steer/search/yardsticks.h"
#include "steer/work/journal.h"
#include "steer/work/watching.h"

namespace steer {

// One objective put to various numbers of samples: a task for each number and first seed, made when it is
// first asked for.
class TasksBySize {
 public:
  // `options` without count and seed; `truth` [N, sizes...], or undefined, gives tasks their first rows.
  TasksBySize(const TaskOptions& options, const Space& space, const Tensor& truth, torch::Device device);

  // Error as Task. A task lives as long as this.
  const Task& of(int64_t samples, uint64_t seed);

 private:
  TaskOptions options_;
  Space space_;
  Tensor truth_;
  torch::Device device_;
  std::map<std::pair<int64_t, uint64_t>, std::unique_ptr<Task>> tasks_;
};

// What is tried on a task.
struct Attempt {
  Json settings;                     // of Generator::plan
  bool guided = true;                // false: the objective only judges
  std::vector<std::string> metrics;  // as measure()
  std::string title;                 // that the watch is told
  Told told = {};                    // what each sample is told, of at least as many as the task has
};

// What came of it.
struct Tried {
  Made made;             // samples; none where it failed or was stopped
  Json figures;          // the metrics, "seconds" of sampling in all, "evaluations" of one sample
  std::string failed;    // why it failed; empty where it did not
  bool stopped = false;  // the watch ended it
};

// Draws the task's samples by these settings and measures them. An Error on the way is part of the answer:
// too strong a pull ends in numbers that are not finite, and some settings do not suit some objectives.
Tried tried(const Generator& generator, const Task& task, const Yardsticks& yardsticks,
            const Attempt& attempt, const WorkWatch& watch);

// Which strengths are searched, and how.
struct StrengthOptions {
  Json settings;            // of Generator::plan, whole: Plan::settings() of a model with "guidance"
  std::string method;       // whose strength the knob "strength" is
  std::vector<Knob> knobs;  // what is searched
  std::string metric;       // by which
  SearchOptions search;     // how; whether more is better, the metric says
  uint64_t seed = 0;        // of the first sample of every trial
  std::string title;        // that the watch is told before each setting; may be empty
  Told told = {};           // what each sample is told, of at least as many as the largest trial has
};

// The settings with the knobs at these values. Error for knobs that do not exist.
Json settings_at(const StrengthOptions& options, const std::vector<double>& values);

// Tries settings as search() does; trials in the journal, where there is one, are not made again, new ones
// are added. `interrupted` where the watch ended it; the trial it ended is not kept.
SearchResult search_strengths(const Generator& generator, TasksBySize& tasks, const Yardsticks& yardsticks,
                              const StrengthOptions& options, Journal* journal, const WorkWatch& watch);

}  // namespace steer
