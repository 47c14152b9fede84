// Trains a model into a run folder.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "steer/train/run_file.h"
#include "steer/train/trainer.h"
#include "steer/work/watching.h"

namespace steer {

// What is asked: a file of options, and what is said over it.
struct TrainingRequest {
  std::string family;                    // of the model: one of family_names()
  std::string run;                       // folder to make or continue
  bool resume = false;                   // go on exactly where its last checkpoint stands
  std::string file;                      // path or shipped name; empty: a resumed run's own, else defaults
  std::vector<std::string> sets;         // single options over the file, "train.rate=5e-4"
  std::string data;                      // in place of data.path; empty: as the options say
  double minutes = 0;                    // a budget in place of the options', where one of the two is above 0
  int64_t images = 0;                    // the same in samples
  std::string init;                      // in place of train.init; empty: as the options say
  std::optional<int64_t> seed;           // in place of train.seed
  std::optional<std::string> precision;  // in place of train.precision
  torch::Device device = torch::kCPU;    // where the model is
};

// A training that may begin: everything is read, checked and completed.
struct Training {
  std::string run;                     // folder to make or continue
  bool resume = false;                 // go on where its last checkpoint stands
  torch::Device device = torch::kCPU;  // where the model is
  RunOptions options;                  // completed
  std::unique_ptr<Dataset> data;       // to train on
  std::string begins;                  // what a new one's weights are taken from, for people; empty: random
  std::unique_ptr<Model> model;        // new; a resumed one takes its weights from the run

  Json all_options() const;  // as the run's options.json will have them
};

// Reads and checks the options, opens the data and makes the model; writes nothing. Error for what does not
// go together, naming the option.
Training prepared_training(const TrainingRequest& request);

// Carries it out, as train(); tells the watch as "train RUN". What a watch ends can be resumed.
TrainSummary run_training(const Training& training, const WorkWatch& watch = {});

// A watch of train() that tells one of work: `title`, and how many samples (their `plural`) were seen, how
// fast, and the last figures.
TrainWatch told_of_training(const WorkWatch& watch, const std::string& title, const std::string& plural);

// "mse 0.0123  mse_last 0.0108".
std::string figures_text(const std::vector<std::pair<std::string, double>>& figures);

// How a run ended, as Json: images, steps, seconds, interrupted, and the last figures.
Json summary_json(const TrainSummary& summary);

}  // namespace steer
