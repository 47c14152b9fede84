// An index of a data set by its codes, and the samples in it that are like given ones.
#pragma once

#include <string>
#include <vector>

#include "steer/codes/code_index.h"
#include "steer/codes/similarity.h"
#include "steer/core/json.h"
#include "steer/models/models.h"
#include "steer/work/watching.h"

namespace steer {

// What is indexed, and how.
struct IndexOptions {
  std::string data;                    // a data set
  std::string split = "train";         // of it
  std::string fit;                     // how its samples reach the model's size
  int64_t count = 0;                   // its first samples; 0: all
  int64_t batch = 64;                  // samples at once
  torch::Device device = torch::kCPU;  // where the model is
};

// The codes of a data set with a sketch of what each decodes to. Error for a model without codes, and for a
// kind of sample that has no sketches.
CodeIndex index_of(const LoadedModel& loaded, const IndexOptions& options, const WorkWatch& watch = {});

// How the index is looked into.
struct SimilarOptions {
  // sketch: nearest is whose sketch is nearest. prefix: whose code shares most layers from the first on,
  // equal ones by their sketches.
  std::string by = "sketch";
  int64_t neighbours = 8;              // found for each query, as far as there are so many
  int64_t batch = 64;                  // samples at once
  torch::Device device = torch::kCPU;  // where the model is
};

// One that was found.
struct Neighbour {
  std::string query;     // the file
  int64_t rank = 0;      // from 1
  int64_t row = 0;       // in the index, which is that in its data set
  int64_t prefix = 0;    // layers that agree, from the first on
  int64_t agreeing = 0;  // layers that agree, wherever
};

// What is like some files.
struct SimilarSamples {
  std::vector<Neighbour> found;  // query by query, nearest first
  int64_t samples = 0;           // in the index
  int64_t layers = 0;            // L
  int64_t neighbours = 0;        // for each query
  Tensor picture;                // [C, h, w]: each row a query and what is like it
  Json figures;                  // the same by name
};

// Looks for the samples in these files. `name` is the index's in refusals. Error when another model made the
// index, and as read_samples.
SimilarSamples similar_to_files(const LoadedModel& loaded, const CodeIndex& index, const std::string& name,
                                const std::vector<std::string>& files, const std::string& fit,
                                const SimilarOptions& options, const WorkWatch& watch = {});

// How often what is found has the label of its query, beside plain distance between numbers; shares in [0,
// 1].
struct SimilarAgreement {
  int64_t samples = 0;         // in the index
  int64_t queries = 0;         // asked
  int64_t neighbours = 0;      // found for each
  double first_by_code = 0;    // of the nearest
  double first_by_values = 0;  // the same by distance
  double all_by_code = 0;      // of all neighbours
  double all_by_values = 0;    // the same by distance
  double shared_layers = 0;    // of the nearest, from the first on: the mean
  Json figures;                // the same by name
};

// Asks the first `count` samples of a data set (empty: the index's own) in this split. Error as above, and
// when the index's data set has no labels or no longer as many samples.
SimilarAgreement similar_agreement(const LoadedModel& loaded, const CodeIndex& index, const std::string& name,
                                   const std::string& data, const std::string& split, int64_t count,
                                   const SimilarOptions& options, const WorkWatch& watch = {});

}  // namespace steer
