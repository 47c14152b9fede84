// What every command shares: common flags, the device, figures on stdout, pictures with their JSON twin.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/models/models.h"

namespace steer {

// A command registers itself and sets `run` to what it does when it is chosen.
using Run = std::function<int()>;
void add_train(CLI::App& app, Run& run);
void add_sample(CLI::App& app, Run& run);
void add_reconstruct(CLI::App& app, Run& run);
void add_encode(CLI::App& app, Run& run);
void add_decode(CLI::App& app, Run& run);
void add_compare(CLI::App& app, Run& run);
void add_guide(CLI::App& app, Run& run);
void add_import(CLI::App& app, Run& run);
void add_export(CLI::App& app, Run& run);
void add_evaluate(CLI::App& app, Run& run);
void add_inspect(CLI::App& app, Run& run);
void add_tree(CLI::App& app, Run& run);
void add_tune(CLI::App& app, Run& run);
void add_likelihood(CLI::App& app, Run& run);
void add_reflow(CLI::App& app, Run& run);
void add_density(CLI::App& app, Run& run);
void add_prior(CLI::App& app, Run& run);
void add_rates(CLI::App& app, Run& run);
void add_search(CLI::App& app, Run& run);
void add_search_similar(CLI::App& app, Run& run);
void add_cluster(CLI::App& app, Run& run);
void add_interpolate(CLI::App& app, Run& run);

struct Common {
  bool json = false;
  int64_t seed = 0;
  std::string device = "cpu";
  int64_t threads = 0;
  std::string precision = "auto";

  // Adds the flags. The seed is left out for commands that have none.
  void add_to(CLI::App* command);
  // Prepares the process and gives the device; Error for a word that names none or a GPU that is not there.
  torch::Device start() const;
};

// One line on stderr: what the command does now.
void say(const std::string& text);

// Figures as one line of JSON on stdout with --json, else the text.
void show(const Common& common, const Json& figures, const std::string& text);

// Columns padded to their widest cell, two spaces between; the first row is the head.
std::string table(const std::vector<std::vector<std::string>>& rows);

// A PNG, and beside it the same name ending in .json with how it was made; a device or pipe gets the PNG
// alone.
void write_picture(const std::string& path, const torch::Tensor& picture, const Json& twin);

// A loaded model ready to sample: on the device, with the precision of the flags. Says what it is on stderr.
LoadedModel open_model(const Common& common, const std::string& run, torch::Device device);
LoadedDdn open_ddn(const Common& common, const std::string& run, torch::Device device,
                   const std::string& command);

// Images of files as the model needs them: its channels; another size is refused unless fit is resize or pad.
torch::Tensor read_images(const std::vector<std::string>& paths, const ImageShape& shape,
                          const std::string& fit);

// Images and their labels.
struct Loaded {
  torch::Tensor x;      // [N, C, H, W]
  torch::Tensor label;  // int64 [N], -1 where there is none; undefined for files
};

// Images that a command is given: files, or a data set.
struct ImageSource {
  std::vector<std::string> files;
  std::string data, split = "test", fit;
  int64_t count = 0;

  // Adds the flags; the count must lie in [least, most], `meaning` explains it.
  void add_to(CLI::App* command, int64_t least, int64_t most, const std::string& meaning);
  // Error, naming the command, unless exactly one source was given.
  void check(const std::string& command) const;
  // The images as the model needs them.
  torch::Tensor load(const ImageShape& shape) const;
  // The same with the labels of a data set; those of files are undefined.
  Loaded load_labelled(const ImageShape& shape) const;
};

// DdnModel::reconstruct of any number of images with their labels, `batch` at a time; the results are on the
// processor.
Reconstruction reconstruct_all(const DdnModel& model, const torch::Tensor& x, int64_t batch, int64_t beam,
                               torch::Device device, const torch::Tensor& label = {});

// The first `count` images (0: all) of a data set's split as the model needs them.
Loaded load_images(const std::string& data, const std::string& split, const std::string& fit,
                   const ImageShape& shape, int64_t count);

}  // namespace steer
