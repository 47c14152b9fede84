// Models in checkpoints, and what a command asks of a loaded one.
#pragma once

#include "steer/core/checkpoint.h"
#include "steer/models/classifier_model.h"
#include "steer/models/ddn_model.h"
#include "steer/models/diffusion_model.h"
#include "steer/models/families.h"
#include "steer/nn/module_tensors.h"

namespace steer {

// How far a model was trained, kept in its checkpoint.
struct TrainingState {
  int64_t images = 0;  // seen
  int64_t steps = 0;   // made
  double seconds = 0;  // spent
};

// Weights and buffers with what load_model needs, written atomically. With `ema` the averaged weights are
// written. float32 tensors are stored as `stored`: float32, or float16 for half the size.
void save_model(const std::string& path, Model& model, const TrainingState& state, const Ema* ema,
                torch::ScalarType stored = torch::kFloat32);

// A model out of a file.
struct LoadedModel {
  std::unique_ptr<Model> model;  // on the device asked for
  TrainingState state;           // how far it was trained
  std::string path;              // the checkpoint file
};

// Reads RUN/model.safetensors or a checkpoint file. Error when it is not steer's, of an unknown format
// version, or its tensors do not fit its options: missing, unexpected and misshaped ones are named.
LoadedModel load_model(const std::string& run_or_file, torch::Device device);

// What became of tensors that were taken over.
struct WeightsTaken {
  std::vector<std::string> fresh;  // of the model, which the other lacks: as they were
  std::vector<std::string> left;   // of the other, which have no place in the model
};

// Copies into a model the tensors of another of its family that have the same name, or those that one of
// another family lends it (Model::lent_to), as a beginning. Error where one has another shape, none has a
// place, their families do not go together, or the classes that both name differ.
WeightsTaken take_weights(Model& model, const LoadedModel& from);

// The same model as one that samples, or as one with codes; names the command in the refusal of another.
const Generator& as_generator(const LoadedModel& loaded, const std::string& command);
const Codec& as_codec(const LoadedModel& loaded, const std::string& command);
// The same, and Error for one of texts, whose samples are at no distance from one another.
const Codec& as_codec_of_numbers(const LoadedModel& loaded, const std::string& command);

// The model of one family; names the command in the refusal of another.
DiffusionModel& as_diffusion(const LoadedModel& loaded, const std::string& command);

// A DDN out of a file.
struct LoadedDdn {
  std::unique_ptr<DdnModel> model;  // on its device
  TrainingState state;              // how far it was trained
};

// The same for commands that only a DDN answers; names the command in the refusal of another family.
LoadedDdn as_ddn(LoadedModel loaded, const std::string& command);

}  // namespace steer
