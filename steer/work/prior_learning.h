// Learns which codes of a model are likely, from the codes of a data set.
#pragma once

#include <string>

#include "steer/codes/prior_training.h"
#include "steer/core/json.h"
#include "steer/models/models.h"
#include "steer/work/watching.h"

namespace steer {

// What is asked.
struct PriorRequest {
  std::string run;                  // of the model, beside which the prior belongs
  std::string data;                 // the data set whose codes are learned
  std::string codes;                // a file of these codes, instead of encoding them once more; or empty
  std::string split = "train";      // that is learned
  std::string test_split = "test";  // whose bits per code are reported
  std::string fit;                  // how samples reach the model's space; empty: as the data set does
  int64_t count = 0;                // samples to learn; 0: all
  int64_t test_count = 2000;        // samples to report on; 0: all
  int64_t batch = 64;               // samples encoded at once
  std::string out;                  // file to write; empty: prior_path(run)
  bool resume = false;              // go on from the prior that stands there
  PriorTrainingOptions options;     // of training
};

// What came of it.
struct PriorLearning {
  std::string out;           // the file written
  PriorTraining training;    // bits on codes held out of the learned ones, steps
  double bits = 0;           // mean per code of the test split
  double latent_bits = 0;    // per code if all codes were alike
  int64_t codes = 0;         // learned
  int64_t test_codes = 0;    // reported on
  int64_t labels = 0;        // that it may be told, of a class-conditional model; 0: none
  uint64_t model = 0;        // fingerprint
  uint64_t fingerprint = 0;  // of the prior
  bool interrupted = false;  // the watch ended it; the best prior so far is written
};

// Encodes, learns and writes a prior whenever it is better than before; that of a class-conditional model is
// told the labels of the data. Tells the watch as "encode SPLIT" ("labels SPLIT" for codes of a file) and
// "prior OUT". Error for a model without codes, a prior that stands there and is not resumed, and a watch
// that ends the encoding: then there is nothing to keep.
PriorLearning learn_prior(const LoadedModel& loaded, const PriorRequest& request,
                          const WorkWatch& watch = {});

// The same as Json.
Json prior_json(const PriorLearning& made, const PriorRequest& request);

}  // namespace steer
