// How well a generator does what an objective asks, beside answers that need no model.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "steer/search/task.h"
#include "steer/work/judging.h"
#include "steer/work/watching.h"

namespace steer {

// An answer to a task, measured against the truth.
struct Answer {
  std::string name;  // "guided", or of a trivial one: "as given", "mean image", "bicubic"
  double psnr = 0;   // mean of each sample's PSNR in dB, on the places that were hidden
  double mse = 0;    // mean squared error there
  std::optional<double> perceptual = {};  // how different whole samples look to a network that was named
};

// What came of a task.
struct TaskEvaluation {
  Made made;                    // the samples and their scores
  Json plan;                    // Plan::settings
  std::string text;             // Plan::text
  std::vector<Answer> answers;  // with a truth: the guided one first
  State given;                  // with a truth: N samples, what the objective gave away; zeros where nothing
  std::optional<Verdict> verdict;  // where a judge was asked
  Json figures;                    // objective, samples, guidance (the plan), score_mean, seconds_per_image,
                                   // evaluations, judge, images, and psnr, mse and perceptual by the name of
                                   // the answer
};

// Who judges.
struct JudgeOptions {
  std::string features;  // a network as load_features, by which answers are compared with the truth too
                         // (metrics/perceptual.h); empty: none
  std::string judge;     // a classifier, as load_classifier; empty: none
  std::string as;     // its name or number of the class, where its classes are others than the objective's;
                      // empty: those are asked
  bool same = false;  // whether it may be a network that guides, which samples may fool
};

// A task put to the generator by a plan of these settings, told these things (of its samples). Where the task
// has a truth, trivial answers stand beside: what was given, `average` (one sample of the mean of other data,
// [1, sizes...]), and bicubic enlargement where something smaller was given. With
// `check` a few samples are drawn without guidance too, and a notice says if the objective likes those
// better. Tells the watch as "guide". Error where it asks to end, for features without a truth or of a
// network that guides, and as Generator::plan and `judged`.
TaskEvaluation evaluate_task(const Generator& generator, const Task& task, const Json& settings,
                             const Told& told, const Tensor& average, const JudgeOptions& judge, bool check,
                             torch::Device device, const WorkWatch& watch = {});

}  // namespace steer
