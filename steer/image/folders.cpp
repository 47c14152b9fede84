#include "steer/image/folders.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/tensors.h"
#include "steer/data/archives.h"
#include "steer/picture/fit.h"
#include "steer/picture/images.h"

namespace steer {
namespace {

namespace fs = std::filesystem;

// How many packed bytes of an archive wait for decoding at once.
constexpr int64_t kPendingBytes = int64_t{32} << 20;

struct Picture {
  std::string name;  // relative to the folder or archive
  int64_t label = -1;
};

struct Plan {
  std::vector<Picture> pictures;
  std::vector<std::string> classes;
};

bool hidden(const std::string& name) {
  return name[0] == '.' || name.find("/.") != std::string::npos;
}

std::vector<std::string> folder_names(const std::string& path) {
  std::vector<std::string> names;
  for (const auto& entry :
       fs::recursive_directory_iterator(path, fs::directory_options::follow_directory_symlink))
    if (entry.is_regular_file()) names.push_back(fs::relative(entry.path(), path).generic_string());
  return names;
}

// The part of a name before its first "/", empty where there is none.
std::string first_level(const std::string& name) {
  const size_t slash = name.find('/');
  return slash == std::string::npos ? "" : name.substr(0, slash);
}

bool is_split(const std::string& name) {
  return name == "train" || name == "test";
}

// How many leading characters are one folder around everything, as archives often have, before the splits.
// Only a folder that holds train/ or test/ counts; a single class is a class.
size_t wrapping(const std::vector<std::string>& names) {
  const std::string top = first_level(names.front());
  if (top.empty() || is_split(top)) return 0;
  for (const std::string& name : names)
    if (first_level(name) != top || !is_split(first_level(name.substr(top.size() + 1)))) return 0;
  return top.size() + 1;
}

Plan planned(const std::string& path, std::vector<std::string> names, const FolderOptions& options) {
  names.erase(std::remove_if(names.begin(), names.end(),
                             [](const std::string& name) { return !is_image_name(name) || hidden(name); }),
              names.end());
  STEER_CHECK(!names.empty(), "[data] ", path, ": expected PNG or JPEG pictures but got none");
  const size_t skip = wrapping(names);
  // With splits, every folder of the first level is one; pictures that lie loose beside them are left out.
  const auto loose = [&](const std::string& name) { return first_level(name.substr(skip)).empty(); };
  const auto in_split = [&](const std::string& name) { return is_split(first_level(name.substr(skip))); };
  const bool splits = std::any_of(names.begin(), names.end(), in_split) &&
                      std::all_of(names.begin(), names.end(),
                                  [&](const auto& name) { return loose(name) || in_split(name); });
  if (splits) names.erase(std::remove_if(names.begin(), names.end(), loose), names.end());
  STEER_CHECK(splits || options.split == "train", "[data] ", path,
              ": expected folders train/ and test/ for split ", options.split,
              " but got pictures without a split");
  std::map<std::string, std::vector<std::string>> by_class;
  bool any = false;
  for (const std::string& name : names) {
    const std::string inner = name.substr(skip), split = splits ? first_level(inner) : options.split;
    const std::string label = first_level(splits ? inner.substr(split.size() + 1) : inner);
    std::vector<std::string>& members = by_class[label];
    if (split == options.split) members.push_back(name), any = true;
  }
  STEER_CHECK(any, "[data] ", path, ": expected pictures in ", options.split, "/ but got none");
  Plan plan;
  size_t longest = 0;
  for (auto& [label, members] : by_class) {
    if (!label.empty()) plan.classes.push_back(label);
    std::sort(members.begin(), members.end());
    longest = std::max(longest, members.size());
  }
  for (size_t turn = 0; turn < longest; ++turn) {
    int64_t label = by_class.count("") ? -1 : 0;
    for (const auto& entry : by_class) {
      if (turn < entry.second.size()) plan.pictures.push_back({entry.second[turn], label});
      ++label;
    }
  }
  if (options.limit > 0 && options.limit < static_cast<int64_t>(plan.pictures.size()))
    plan.pictures.resize(static_cast<size_t>(options.limit));
  return plan;
}

// Calls work(0), ..., work(count - 1) from as many threads as the machine has; throws what the first of them
// throws.
void in_threads(size_t count, const std::function<void(size_t)>& work) {
  std::atomic<size_t> next{0};
  std::exception_ptr error;
  std::mutex mutex;
  const auto run = [&] {
    try {
      for (size_t i = next++; i < count; i = next++) work(i);
    } catch (...) {
      next = count;
      const std::lock_guard<std::mutex> lock(mutex);
      if (!error) error = std::current_exception();
    }
  };
  const size_t threads =
      std::min<size_t>(std::max(1u, std::min(16u, std::thread::hardware_concurrency())), count);
  std::vector<std::thread> others;
  for (size_t i = 1; i < threads; ++i) others.emplace_back(run);
  run();
  for (std::thread& thread : others) thread.join();
  if (error) std::rethrow_exception(error);
}

// Collects decoded pictures; the first decides the shape.
class Pictures {
 public:
  Pictures(const std::string& path, int64_t count, const FolderOptions& options)
      : path_(path), count_(count), options_(options) {}

  void put(int64_t index, std::string_view bytes, const std::string& name) {
    const Tensor picture = decode_bytes(bytes, name, options_.channels);
    const Tensor fit = fitted(picture.unsqueeze(0), options_.size, options_.fit).squeeze(0);
    std::call_once(made_, [&] { images_ = image_memory(path_, count_, fit.sizes()); });
    STEER_CHECK(fit.sizes() == images_.sizes().slice(1), "[data] ", name, ": expected a picture of ",
                shape_text(images_.sizes().slice(1)), " like the others but got ", shape_text(fit.sizes()),
                " (set size and channels to bring all to one shape)");
    const int64_t each = fit.numel();
    std::copy_n(fit.contiguous().data_ptr<uint8_t>(), each, images_.data_ptr<uint8_t>() + index * each);
  }

  const Tensor& images() const { return images_; }

 private:
  const std::string& path_;
  const int64_t count_;
  const FolderOptions& options_;
  std::once_flag made_;
  Tensor images_;
};

void read_from_folder(const std::string& path, const Plan& plan, Pictures& pictures) {
  in_threads(plan.pictures.size(), [&](size_t i) {
    const std::string name = (fs::path(path) / plan.pictures[i].name).string();
    pictures.put(static_cast<int64_t>(i), read_file(name), name);
  });
}

void read_from_archive(const std::string& path, const Plan& plan, Pictures& pictures) {
  std::unordered_map<std::string, size_t> place;
  for (size_t i = 0; i < plan.pictures.size(); ++i) place.emplace(plan.pictures[i].name, i);
  STEER_CHECK(place.size() == plan.pictures.size(), "[data] ", path,
              ": expected every name once but got some twice");
  std::vector<std::pair<size_t, std::string>> pending;
  int64_t bytes_pending = 0;
  const auto decode = [&] {
    in_threads(pending.size(), [&](size_t i) {
      const auto& [index, bytes] = pending[i];
      pictures.put(static_cast<int64_t>(index), bytes, path + ":" + plan.pictures[index].name);
    });
    pending.clear();
    bytes_pending = 0;
  };
  read_archive(
      path, [&](const std::string& name) { return place.count(name) > 0; },
      [&](const std::string& name, std::string bytes) {
        bytes_pending += static_cast<int64_t>(bytes.size());
        pending.emplace_back(place.at(name), std::move(bytes));
        if (bytes_pending >= kPendingBytes) decode();
      });
  decode();
}

}  // namespace

MemoryDataset read_pictures(const std::string& path, const FolderOptions& options) {
  const bool folder = fs::is_directory(path);
  const Plan plan = planned(path, folder ? folder_names(path) : archive_names(path), options);
  const int64_t count = static_cast<int64_t>(plan.pictures.size());
  Pictures pictures(path, count, options);
  if (folder)
    read_from_folder(path, plan, pictures);
  else
    read_from_archive(path, plan, pictures);
  const Tensor labels = at::empty({count}, torch::kInt64);
  for (int64_t i = 0; i < count; ++i) labels.data_ptr<int64_t>()[i] = plan.pictures[i].label;
  return MemoryDataset(pictures.images(), labels, plan.classes);
}

}  // namespace steer
