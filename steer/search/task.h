// An objective put to a generator for many samples: what evaluating, searching and comparing have in common.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/models/generator.h"
#include "steer/search/beside.h"

namespace steer {

// What is asked, and how many times.
struct TaskOptions {
  std::string objective;  // the user's words
  int64_t count = 64;     // samples, where there is no truth
  int64_t batch = 64;     // samples made at once
  uint64_t seed = 0;      // of the first sample
  std::string fit;        // as ObjectiveContext
};

// What a generator made of a task; tensors are on the processor.
struct Made {
  State state;              // N samples
  Tensor scores;            // [N], by the objective
  double seconds = 0;       // of sampling alone
  int64_t evaluations = 0;  // of the network for one sample, where the generator counts them
  Json settings;            // of the plan
  std::string text;         // the plan for people
  bool stopped = false;     // whoever looked on wanted no more; there are no samples
};

// An objective put to many samples. Objectives are made once, so that a task may be run many times without
// reading a guide again.
class Task {
 public:
  // With truth [N, sizes...] every sample has one of them as its truth and options.count is not used. Sample
  // i of an objective such as label(classifier=...) is asked for class i modulo their number. Error as
  // make_objective.
  Task(const TaskOptions& options, const Space& space, const Tensor& truth, torch::Device device);

  int64_t count() const { return count_; }                        // N
  const std::string& words() const { return words_; }             // the objective as the user would write it
  const Tensor& truth() const { return truth_; }                  // [N, sizes...], or undefined
  const ClassNames& asked_names() const { return asked_names_; }  // of these classes, where known
  const Tensor& asked() const { return asked_; }                  // int64 [N], or undefined: Objective::asked
  const Tensor& degraded() const { return degraded_; }            // [N, sizes...], or undefined
  const Tensor& hidden() const { return hidden_; }                // [N, 1, places...], or undefined
  const Objective& objective() const { return *pieces_.front().objective; }  // of the first batch

  // What the measurements of smaller size become by bicubic enlargement, [N, sizes...]; undefined where there
  // is none.
  const Tensor& bicubic() const { return bicubic_; }

  // Samples seed, seed + 1, ... by the generator's plan of these settings, told these things (of N samples).
  // With `guided` false the objective only judges. `progress` gets the share done and ends the run when it
  // says false.
  Made run(const Generator& generator, const Json& settings, const Told& told = {}, bool guided = true,
           const std::function<bool(double)>& progress = {}) const;

  // The first few of these samples, which a run of the task by a plan of `made.settings` gave, beside
  // unguided ones.
  Beside beside(const Generator& generator, const Made& made, const Told& told = {}) const;

 private:
  struct Piece {
    int64_t at, count;
    std::unique_ptr<Objective> objective;
  };
  std::vector<Piece> pieces_;
  int64_t count_;
  uint64_t seed_;
  torch::Device device_;
  std::string words_;
  ClassNames asked_names_;
  Tensor truth_, asked_, degraded_, hidden_, bicubic_;
};

}  // namespace steer
