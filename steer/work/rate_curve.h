// Bits against error: codes cut after every layer, beside the formats of files that everybody has.
#pragma once

#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/metrics/rate_saving.h"
#include "steer/models/models.h"
#include "steer/work/watching.h"

namespace steer {

// What is measured, and how.
struct RateOptions {
  std::string run;                     // the model's path, beside which its prior is looked for
  std::string data;                    // a data set
  std::string split = "test";          // of it
  std::string fit;                     // how its samples reach the model's size
  std::string prior;                   // the prior that counts bits; empty: beside the model, or none
  int64_t count = 1000;                // samples; 0: all
  int64_t batch = 50;                  // samples at once; the figures do not depend on it
  torch::Device device = torch::kCPU;  // where the model is
};

// One point of a curve, averaged over the samples.
struct Rate {
  std::string codec;     // the model's family, or the name of a format
  int64_t setting = 0;   // layers, or quality
  double bits = 0;       // per sample: of a code by the prior, or packed where there is none; of a file
  double bare_bits = 0;  // of a code packed; of a file without what all such files share
  double psnr = 0;       // dB, the mean of each sample's own
  double mse = 0;        // mean squared error
};

// What the code saves against a format.
struct RateComparison {
  std::string format;  // its name
  bool bare = false;   // against its files without what all of them share
  RateSaving saving;   // how much, and where
};

// All of them.
struct RateCurve {
  std::vector<Rate> rates;                                 // the code after each layer, then the formats
  int64_t samples = 0;                                     // measured
  bool by_prior = false;                                   // whether a prior counted the bits of codes
  std::vector<std::pair<std::string, std::string>> files;  // formats, and what their files share
  std::vector<RateComparison> savings;                     // of the code against each format that meets it
  Json figures;                                            // the rates by name
};

// Samples that a code is made for told by their data set. Error for a model without codes, and as find_prior.
RateCurve rate_curve(const LoadedModel& loaded, const RateOptions& options, const WorkWatch& watch = {});

// The rates as a table with commas, one a line, names in the first.
std::string csv_of(const std::vector<Rate>& rates);

}  // namespace steer
