// What a network of properties tells of molecules.
#pragma once

#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/models/models.h"
#include "steer/work/watching.h"

namespace steer {

// Of which molecules: files, each of one or many, or a data set.
struct TellingSource {
  std::vector<std::string> files;      // .xyz, .extxyz, .sdf, .mol or .pdb
  std::string data;                    // a data set with a test split; empty: the files
  int64_t count = 0;                   // the most of its molecules; 0: all
  int64_t batch = 64;                  // molecules at once
  torch::Device device = torch::kCPU;  // where the model is
};

// What was told.
struct ToldProperties {
  std::vector<std::string> names;  // what, in the model's order
  Tensor told;                     // float [N, names], in their units
  Tensor known;                    // the same as the data set has it; undefined of files
  Tensor deviation;                // [names], mean absolute deviation in the training data
  // Names, told, how many atoms and molecules are stable, valid and of one fragment (molecule_figures.h), and
  // of a data set mae and mad by name.
  Json figures;
};

// Molecules of any size. Error for a model of another family, both or neither of files and data, elements
// that the model does not know, and data that lack one of its properties.
ToldProperties told_properties(const LoadedModel& loaded, const TellingSource& source,
                               const WorkWatch& watch = {});

}  // namespace steer
