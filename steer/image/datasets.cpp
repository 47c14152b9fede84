#include "steer/image/datasets.h"

#include <filesystem>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/data/archives.h"
#include "steer/image/cifar.h"
#include "steer/image/folders.h"
#include "steer/image/idx.h"
#include "steer/image/picture_names.h"
#include "steer/image/shapes.h"
#include "steer/picture/fit.h"
#include "steer/picture/images.h"

namespace steer {
namespace {

namespace fs = std::filesystem;

void check_options(const DataOptions& options) {
  STEER_CHECK(!options.path.empty(), "[data] expected the path of a data set but got none");
  STEER_CHECK(options.split == split_of_word(options.split), "[data] ", options.path,
              ": expected split train, test or validation but got ", options.split);
  STEER_CHECK(options.channels == 0 || options.channels == 1 || options.channels == 3, "[data] ",
              options.path, ": expected channels 0, 1 or 3 but got ", options.channels);
  STEER_CHECK(options.fit == "pad" || options.fit == "resize" || options.fit == "crop", "[data] ",
              options.path, ": expected fit pad, resize or crop but got ", options.fit);
  STEER_CHECK(options.size >= 0 && options.size <= kMaxFit, "[data] ", options.path,
              ": expected a size of 0 to ", kMaxFit, " but got ", options.size);
  colour_of(options.background);
  STEER_CHECK(options.limit >= 0, "[data] ", options.path, ": expected a limit of 0 or more but got ",
              options.limit);
}

constexpr char kShapes[] = "shapes";

bool names_shapes(const std::string& path) {
  return path == kShapes || path.rfind(std::string(kShapes) + ":", 0) == 0;
}

// What has two parts of its own has no other.
void check_two_splits(const DataOptions& options) {
  STEER_CHECK(options.split != "validation", "[data] ", options.path,
              ": expected split train or test, which this data set has, but got ", options.split);
}

std::unique_ptr<Dataset> make_shapes(const DataOptions& options) {
  check_two_splits(options);
  const bool train = options.split == "train";
  const int64_t all = train ? 60000 : 10000;
  const int64_t count = options.limit > 0 ? std::min(options.limit, all) : all;
  const uint64_t seed = derive_seed(static_cast<uint64_t>(options.seed), train ? 0 : 1);
  const std::string labels = options.path == kShapes ? options.labels : options.path.substr(sizeof kShapes);
  return std::make_unique<ShapesDataset>(count, options.size ? options.size : 32,
                                         options.channels ? options.channels : 3, seed,
                                         ShapesOptions{labels, options.rare, options.rare_share});
}

// Stored images of one shape, cut to the limit and fitted.
std::unique_ptr<Dataset> brought_to(const MemoryDataset& data, const DataOptions& options) {
  check_two_splits(options);
  const int64_t count = options.limit > 0 ? std::min(options.limit, data.size()) : data.size();
  const Tensor images = with_channels(data.images().narrow(0, 0, count), options.channels);
  if (options.size) image_memory(options.path, count, {images.size(1), options.size, options.size});
  return std::make_unique<MemoryDataset>(fitted(images, options.size, options.fit),
                                         data.labels().narrow(0, 0, count), data.classes());
}

std::unique_ptr<Dataset> make_pictures(const std::string& path, const DataOptions& options) {
  FolderOptions folder;
  folder.split = options.split;
  folder.size = options.size;
  folder.channels = options.channels;
  folder.fit = options.fit;
  folder.background = colour_of(options.background);
  folder.limit = options.limit;
  return std::make_unique<MemoryDataset>(read_pictures(path, folder));
}

bool holds_cifar(const std::string& folder) {
  for (const fs::path& place : {fs::path(folder), fs::path(folder) / "cifar-10-batches-bin"}) {
    if (!fs::is_directory(place)) continue;
    for (const auto& entry : fs::directory_iterator(place))
      if (is_cifar_name(entry.path().string())) return true;
  }
  return false;
}

// The one archive of a folder that holds neither folders nor pictures; empty where there is no archive.
std::string lone_archive(const std::string& folder) {
  std::vector<std::string> archives;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string path = entry.path().string();
    if (entry.is_directory() || is_image_name(path)) return "";
    if (is_archive_name(path)) archives.push_back(path);
  }
  STEER_CHECK(archives.size() < 2, "[data] ", folder, ": expected one archive but got ", archives.size());
  return archives.empty() ? "" : archives.front();
}

bool archive_of_cifar(const std::string& path) {
  for (const std::string& name : archive_names(path))
    if (is_cifar_name(name)) return true;
  return false;
}

}  // namespace

const std::vector<Named>& image_data() {
  static const std::vector<Named> data = {
      {"shapes", "drawn shapes of five kinds, labelled by kind; nothing is read"},
      {"shapes:hue", "the same, labelled by their six hues"},
      {"shapes:both", "the same, labelled by hue and kind"},
      {"<folder of pictures>", "PNG, JPEG and WebP files; folders in it are classes"},
      {"<archive of pictures>", "a tar, tar.gz, tgz or zip of such a folder, or a folder with that alone"},
      {"<folder of IDX files>", "MNIST and its like, packed by gzip or not"},
      {"<CIFAR-10>", "the binary version, a folder or an archive"},
  };
  return data;
}

std::unique_ptr<Dataset> make_image_dataset(const DataOptions& options) {
  check_options(options);
  const std::string& path = options.path;
  if (names_shapes(path)) return make_shapes(options);
  STEER_CHECK(options.labels == DataOptions().labels && options.rare.empty(), "[data] ", path,
              ": expected the words labels and rare with the data set shapes alone");
  STEER_CHECK(fs::exists(path), "[data] ", path,
              ": expected a folder, an archive or the word shapes but got no such path");
  if (!fs::is_directory(path)) {
    if (archive_of_cifar(path)) return brought_to(read_cifar(path, options.split), options);
    return make_pictures(path, options);
  }
  if (holds_idx(path)) return brought_to(read_idx_folder(path, options.split), options);
  if (holds_cifar(path)) return brought_to(read_cifar(path, options.split), options);
  const std::string archive = lone_archive(path);
  if (archive.empty()) return make_pictures(path, options);
  DataOptions inner = options;
  inner.path = archive;
  return make_image_dataset(inner);
}

}  // namespace steer
