#include "steer/cmd/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <numeric>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json.h"
#include "steer/core/machine.h"
#include "steer/core/precision.h"
#include "steer/core/tensors.h"
#include "steer/modalities/modalities.h"
#include "steer/picture/fit.h"
#include "steer/picture/images.h"

namespace steer {

void Common::add_to(CLI::App* command) {
  command->add_flag("--json", json, "print one line of JSON with the figures on stdout");
  command->add_option("--seed", seed, "seed of the first sample; sample i takes seed + i")
      ->capture_default_str();
  command->add_option("--device", device, "cpu or cuda")->capture_default_str();
  command->add_option("--threads", threads, "processor threads; 0 = all this process may use")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  command->add_option("--precision", precision, "of convolutions: auto, float32 or bfloat16")
      ->capture_default_str();
}

torch::Device Common::start() const {
  prepare_process(static_cast<int>(threads));
  if (device == "cpu") return torch::kCPU;
  STEER_CHECK(device == "cuda", "[steer] --device: expected cpu or cuda but got \"", device, "\"");
  STEER_CHECK(torch::cuda::is_available(), "[steer] --device cuda: this build or machine has no CUDA device");
  return torch::kCUDA;
}

void say(const std::string& text) {
  std::cerr << text << std::endl;
}

void show(const Common& common, const Json& figures, const std::string& text) {
  if (common.json)
    std::cout << figures.dump() << std::endl;
  else
    std::cout << text << std::flush;
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) {
      if (i >= widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += (i ? "  " : "") + row[i] + std::string(widths[i] - row[i].size(), ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

void write_picture(const std::string& path, const torch::Tensor& picture, const Json& twin) {
  write_png(path, picture);
  if (std::filesystem::is_regular_file(path))
    write_file(std::filesystem::path(path).replace_extension(".json").string(), twin.dump(2) + "\n");
  say(fmt::format("wrote {}", path));
}

LoadedModel open_model(const Common& common, const std::string& run, torch::Device device) {
  LoadedModel loaded = load_model(run, device);
  const Precision precision = make_precision(common.precision, device);
  loaded.model->set_compute_type(scalar_type(precision));
  const ImageShape s = loaded.model->shape();
  say(fmt::format("{}: {} model, {} parameters, images {}x{}x{}, trained on {} images; {}, {} threads",
                  loaded.path, loaded.model->family(), loaded.model->parameter_count(), s.channels, s.height,
                  s.width, loaded.state.images, name(precision), at::get_num_threads()));
  return loaded;
}

LoadedDdn open_ddn(const Common& common, const std::string& run, torch::Device device,
                   const std::string& command) {
  LoadedModel loaded = open_model(common, run, device);
  return as_ddn(std::move(loaded), command);
}

torch::Tensor read_images(const std::vector<std::string>& paths, const ImageShape& shape,
                          const std::string& fit) {
  std::vector<torch::Tensor> images;
  for (const std::string& path : paths) {
    torch::Tensor image = read_image(path, shape.channels);
    const bool same = image.size(1) == shape.height && image.size(2) == shape.width;
    STEER_CHECK(same || !fit.empty(), "[read] ", path, ": expected an image of ", shape.width, "x",
                shape.height, " pixels but got ", image.size(2), "x", image.size(1),
                "; --fit resize or --fit pad brings it to size");
    if (!same) image = from_bytes(fitted(to_bytes(image).unsqueeze(0), shape.height, fit).squeeze(0));
    images.push_back(image);
  }
  return at::stack(images);
}

Loaded load_images(const std::string& data, const std::string& split, const std::string& fit,
                   const ImageShape& shape, int64_t count) {
  DataOptions options;
  options.path = data;
  options.split = split;
  options.size = shape.height;
  options.channels = shape.channels;
  options.limit = count;
  if (!fit.empty()) options.fit = fit;
  const auto dataset = make_dataset(options);
  std::vector<int64_t> all(
      static_cast<size_t>(count > 0 ? std::min(count, dataset->size()) : dataset->size()));
  std::iota(all.begin(), all.end(), 0);
  const Batch batch = dataset->batch(all);
  return {batch.data.x, batch.told.label};
}

void ImageSource::add_to(CLI::App* command, int64_t least, int64_t most, const std::string& meaning) {
  command->add_option("images", files, "PNG or JPEG files, read in the model's channels");
  command->add_option("--data", data, "a data set in place of files");
  command->add_option("--split", split, "train or test")->capture_default_str();
  command
      ->add_option("--fit", fit,
                   "images of another size: resize or pad (default: refused for files, padded for data sets)")
      ->check(CLI::IsMember({"resize", "pad", "crop"}));
  command->add_option("-n,--count", count, meaning)->capture_default_str()->check(CLI::Range(least, most));
}

void ImageSource::check(const std::string& command) const {
  STEER_CHECK(data.empty() != files.empty(), "[", command, "] expected either image files or --data DIR");
}

Loaded ImageSource::load_labelled(const ImageShape& shape) const {
  if (data.empty()) return {read_images(files, shape, fit), {}};
  return load_images(data, split, fit, shape, count);
}

torch::Tensor ImageSource::load(const ImageShape& shape) const {
  return load_labelled(shape).x;
}

Reconstruction reconstruct_all(const DdnModel& model, const torch::Tensor& x, int64_t batch, int64_t beam,
                               torch::Device device, const torch::Tensor& label) {
  std::vector<torch::Tensor> images, codes, errors;
  for (int64_t at = 0; at < x.size(0); at += batch) {
    const int64_t some = std::min(batch, x.size(0) - at);
    const Reconstruction made =
        model.reconstruct(x.narrow(0, at, some).to(device), beam,
                          label.defined() ? label.narrow(0, at, some) : torch::Tensor());
    images.push_back(made.images.cpu());
    codes.push_back(made.code.cpu());
    errors.push_back(made.error.cpu());
  }
  return {at::cat(images), at::cat(codes), at::cat(errors)};
}

}  // namespace steer
