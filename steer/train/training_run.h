// All that a training run is between two steps, and how it is kept: weights, optimiser, averages, counters.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "steer/models/models.h"
#include "steer/train/learner.h"

namespace steer {

// Averages of logged figures since the last line. Values stay on the device until they are read.
class Averages {
 public:
  // One more value, a number on any device, of the figure of this name.
  void add(const std::string& name, const Tensor& value);
  // Sums and counts so far, and back; Error, beginning with `where`, for what is none.
  Json state() const;
  void load(const Json& state, const std::string& where);
  // The means by name, in the order in which they were first added; then it begins anew.
  std::vector<std::pair<std::string, double>> take();

 private:
  std::vector<std::pair<std::string, std::pair<Tensor, int64_t>>> sums_;
};

// One run as it stands.
class TrainingRun {
 public:
  // The model, on its device, must outlive it.
  TrainingRun(Model& model, const TrainOptions& options, const Together& together);

  // All that a continuation needs beside the options, and back. Error, naming `what`, for one of another
  // model.
  Checkpoint checkpoint() const;
  void load(const Checkpoint& checkpoint, const std::string& what);
  // Writes FOLDER/resume.safetensors and model.safetensors.
  void save(const std::string& folder);

  // How far it is: images, steps and seconds.
  TrainingState state() const { return {learner.images, learner.steps, seconds}; }

 private:
  Model& model_;
  std::string stored_;

 public:
  Learner learner;        // what makes its steps
  Averages averages;      // of the line of the log begun
  double seconds = 0;     // of all parts of the run
  double share = 0;       // of the budget that was spent when it was saved
  int64_t log_bytes = 0;  // of the log when it was saved
};

// Error where classes that both know are not the same in the same order. `where` names the second.
void check_same_classes(const ClassNames& known, const ClassNames& given, const std::string& where);

}  // namespace steer
