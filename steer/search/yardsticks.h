// How good a generator's answer to a task is, by networks that did not guide it and by the truth.
#pragma once

#include <optional>

#include "steer/core/json_fwd.h"
#include "steer/core/named.h"
#include "steer/nn/saved_network.h"
#include "steer/search/task.h"

namespace steer {

// What a task can be measured with. Loaded once, used for every run of it.
struct Yardsticks {
  std::optional<SavedNetwork> judge;     // a classifier
  std::optional<SavedNetwork> features;  // as load_features
  Tensor real;                           // features [M, D] of real images, or undefined
  Tensor real_label;                     // int64 [M], -1 without a label
  ClassNames real_names;                 // of these labels, where known
  torch::Device device = torch::kCPU;    // where these compute
};

// The words below.
const std::vector<std::string>& metric_names();
// The same with what each means.
const std::vector<Named>& metric_table();

// Whether more of it is better.
bool higher_is_better(const std::string& metric);

// The metrics named, of a run of a task; computes nothing else:
//
//   score       mean score by the objective itself
//   accuracy    share of samples that the judge takes for the class asked
//   confidence  the judge's mean probability of that class
//   psnr        mean of each image's PSNR against the truth, on the pixels that were hidden, in dB
//   perceptual  mean squared distance of unit feature rows from the truth's (metrics/perceptual.h)
//   frechet     of the features of all samples against all real images
//   class_frechet   the mean of that over the classes asked, against the real images of each class
//   precision, recall   of features against the real images (metrics/coverage.h)
//   diversity   root mean squared difference of two samples (metrics/diversity.h)
//
// Error, naming the metric, where what it needs is missing.
Json measure(const Task& task, const Made& made, const Yardsticks& with,
             const std::vector<std::string>& metrics);

// The metrics of the list that the task and the yardsticks allow, in its order.
std::vector<std::string> measurable(const Task& task, const Yardsticks& with);

// The metric of a task when none is named: accuracy where there is a judge, psnr where there is truth, else
// score.
std::string suited_metric(const Yardsticks& with, bool truth);

// The paths of all networks that an objective's words name (classifier=..., model=...).
std::vector<std::string> networks_in(const std::string& words);

// Error where the judge is one of the networks that guide: it would praise what fools them.
void check_judge(const std::string& judge, const std::string& words);

}  // namespace steer
