// Figures of a model: of whichever kind suits it and what is asked.
#pragma once

#include <optional>
#include <string>

#include "steer/core/class_names.h"
#include "steer/metrics/accuracy.h"
#include "steer/modality/modality.h"
#include "steer/models/models.h"
#include "steer/work/code_evaluation.h"
#include "steer/work/drawing.h"
#include "steer/work/fidelity.h"
#include "steer/work/task_evaluation.h"
#include "steer/work/text_likelihoods.h"

namespace steer {

// What a model is measured by.
struct EvaluationOptions {
  SampleSource source;      // the data; its count is also that of samples without data (0: 1,000)
  std::string objective;    // in the user's words: a task of which each datum is the truth, or without
                            // data one that needs none; empty: none
  JudgeOptions judge;       // of the samples of an objective
  bool check = false;       // of an objective: as evaluate_task
  std::string features;     // a network as load_features: unguided samples are compared with the data, or
                            // the answers of a task with their truths
  std::string samples;      // a folder of files (files_at) in place of samples drawn by the model
  bool neighbours = false;  // of unguided samples: whether they repeat training samples, and the nearest
  Json settings = Json::object();  // of Generator::plan
  Telling telling;                 // what samples are told that the data do not say
  int64_t beam = 1;                // of encoding
  int64_t batch = 50;              // samples at once; the figures do not depend on it
  uint64_t seed = 0;               // of the first sample
};

// Unguided samples beside the data.
struct SampleEvaluation {
  Drawn drawn;                       // the samples
  std::optional<Fidelity> fidelity;  // by the features of a network, where one was named
  // By the measures of the samples' kind that need no network, where it has some: of the samples from as many
  // of the data, and for a scale of as many of the other split from these.
  std::vector<NamedDistance> made, real;
  std::optional<Repeating> repeating;  // where neighbours were asked for
};

// How likely an autoregressive model finds texts, in bits a character.
struct TextJudgement {
  std::string judge;     // its path
  double samples, real;  // of those drawn, and of the data
};

// What came of it: some of the optional members are there.
struct Evaluation {
  std::optional<CodeEvaluation> codes;       // of a model with codes on the data
  std::optional<TaskEvaluation> task;        // of an objective
  std::optional<SampleEvaluation> samples;   // of unguided samples, or of texts toward an objective
  std::optional<TextLikelihood> likelihood;  // of the data, by a model of text
  std::optional<TextJudgement> judgement;    // of texts that were drawn, where a judge was named
  std::optional<Accuracy> accuracy;          // of a classifier on the data
  ClassNames classes;                        // what it calls them, where it has names
  int64_t count = 0;                         // samples measured
  Json figures;                              // all of it by name
  Tensor picture;  // of samples [C, h, w] in [-1, 1], each above its neighbour where these were asked for;
                   // undefined where none were drawn
};

// With an objective: its task. Else with features, samples or neighbours: unguided samples. Else a model that
// judges is measured on the labels of the data, one with codes on how it keeps them, and one whose kind of
// sample is measured without a network on unguided samples. Tells the watch. Error, with one line on what is
// missing, where neither data nor an objective are given, unguided samples are asked for beside one, or the
// model cannot do it.
Evaluation evaluate(const LoadedModel& loaded, const EvaluationOptions& options, torch::Device device,
                    const WorkWatch& watch = {});

}  // namespace steer
