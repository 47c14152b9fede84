// All families of models by name. A new family is one line of the table in families.cpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "steer/core/json_fwd.h"
#include "steer/core/named.h"
#include "steer/data/data_options.h"
#include "steer/models/model.h"
#include "steer/nn/extent.h"

namespace steer {

// A family of models.
struct Family {
  Named named;                  // the word of make_model, and what such a model is
  std::vector<Named> settings;  // of Generator::plan: how it is drawn from; none where none samples
};

// All of them.
const std::vector<Family>& families();

// Their names: "ddn", "diffusion", "classifier".
const std::vector<std::string>& family_names();

// The names of all settings that Generator::plan takes of one family or another.
std::vector<std::string> all_setting_names();

// A new model of a family with the options given over its defaults. Initial values follow `seed`. Error for a
// family that is none, and for options that it does not take.
std::unique_ptr<Model> make_model(const std::string& family, const Json& options, uint64_t seed);

// How much the network of such a model is, known without building it. Error as make_model.
Extent network_extent(const std::string& family, const Json& options);

// Options of a family, completed where the data set decides what they leave out: sizes, channels, classes.
// Error, naming `path`, where the data lack what the family or the options ask for, such as labels.
Json fitted_options(const std::string& family, const Json& options, const Dataset& data,
                    const std::string& path);

// The options of a file that a run or a checkpoint of this or an earlier version left behind, which has all
// that there were: what it lacks is completed with what models meant before there was an option for it.
Json stored_options(const std::string& family, const Json& options);

// Data options, completed where the model's options decide what they leave out: the size of images that a
// classifier is made for.
DataOptions data_for(const std::string& family, const Json& options, DataOptions data);

// One line for each option of a family: dotted path, default, meaning.
std::string family_options_help(const std::string& family);

}  // namespace steer
