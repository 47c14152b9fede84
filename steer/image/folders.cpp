#include "steer/image/folders.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/notice.h"
#include "steer/core/tensors.h"
#include "steer/data/archives.h"
#include "steer/image/picture_names.h"
#include "steer/picture/fit.h"
#include "steer/picture/images.h"

namespace steer {
namespace {

namespace fs = std::filesystem;

// How many packed bytes of an archive wait for decoding at once.
constexpr int64_t kPendingBytes = int64_t{32} << 20;

// The most that the file of one picture may have: kMaxPixels of four channels, and some.
constexpr int64_t kMaxPictureBytes = kMaxPixels * 4 + (int64_t{16} << 20);

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

// Collects decoded pictures; the first decides the shape. What cannot be decoded is noted and left out.
class Pictures {
 public:
  Pictures(const std::string& path, const PictureNames& names, const FolderOptions& options)
      : path_(path), names_(names), options_(options), read_(names.pictures.size(), 0) {}

  // Puts the picture `index`, whose bytes `bytes()` gives and whose place is `where`.
  void put(size_t index, const std::string& where, const std::function<std::string_view()>& bytes) {
    Tensor picture;
    try {
      picture = decode_bytes(bytes(), where, options_.channels, options_.background);
    } catch (const Error& error) {
      return note_unreadable(index, where, error.what());
    }
    const Tensor fit = fitted(picture.unsqueeze(0), options_.size, options_.fit).squeeze(0);
    std::call_once(made_, [&] {
      images_ = image_memory(path_, static_cast<int64_t>(names_.pictures.size()), fit.sizes());
    });
    STEER_CHECK(fit.sizes() == images_.sizes().slice(1), "[data] ", where, ": expected a picture of ",
                shape_text(images_.sizes().slice(1)), " like the others but got ", shape_text(fit.sizes()),
                " (set size and channels to bring all to one shape)");
    const int64_t each = fit.numel();
    std::copy_n(fit.contiguous().data_ptr<uint8_t>(), each, row(index));
    read_[index] = 1;
  }

  // The pictures that could be read, in order, and their labels.
  MemoryDataset dataset() {
    int64_t kept = 0;
    const Tensor labels = at::empty({static_cast<int64_t>(read_.size())}, torch::kInt64);
    for (size_t i = 0; i < read_.size(); ++i) {
      if (!read_[i]) continue;
      labels.data_ptr<int64_t>()[kept] = names_.pictures[i].label;
      if (static_cast<size_t>(kept) != i) std::copy_n(row(i), images_[0].numel(), row(kept));
      ++kept;
    }
    STEER_CHECK(kept > 0, "[data] ", path_, ": expected pictures that can be read but got none; ",
                text_of(unreadable()));
    return MemoryDataset(images_.narrow(0, 0, kept), labels.narrow(0, 0, kept), names_.classes);
  }

  // What was left out, in the order of the pictures.
  std::vector<Skipped> unreadable() const {
    std::vector<Skipped> all;
    for (const auto& entry : unreadable_) all.push_back(entry.second);
    return all;
  }

 private:
  uint8_t* row(size_t index) const {
    return images_.data_ptr<uint8_t>() + static_cast<int64_t>(index) * images_[0].numel();
  }

  void note_unreadable(size_t index, const std::string& where, const std::string& error) {
    const size_t named = error.find(where + ": ");
    const std::string why = named == std::string::npos ? error : error.substr(named + where.size() + 2);
    const std::lock_guard<std::mutex> lock(mutex_);
    unreadable_[index] = {names_.pictures[index].file.name, "unreadable", why};
  }

  const std::string& path_;
  const PictureNames& names_;
  const FolderOptions& options_;
  std::vector<char> read_;
  std::once_flag made_;
  Tensor images_;
  std::mutex mutex_;
  std::map<size_t, Skipped> unreadable_;
};

void read_from_folder(const std::string& path, const PictureNames& names, Pictures& pictures) {
  in_threads(names.pictures.size(), [&](size_t i) {
    const std::string name = (fs::path(path) / names.pictures[i].file.name).string();
    std::string bytes;
    pictures.put(i, name, [&]() -> std::string_view {
      std::error_code error;
      const auto size = static_cast<int64_t>(fs::file_size(name, error));
      STEER_CHECK(error || size <= kMaxPictureBytes, "[data] ", name, ": expected a picture of at most ",
                  kMaxPictureBytes, " bytes but got ", size);
      return bytes = read_file(name);
    });
  });
}

void read_from_archive(const std::string& path, const PictureNames& names, Pictures& pictures) {
  std::unordered_multimap<std::string, size_t> places;
  for (size_t i = 0; i < names.pictures.size(); ++i) places.emplace(names.pictures[i].file.source, i);
  std::vector<std::pair<std::string, std::string>> pending;
  int64_t bytes_pending = 0;
  const auto decode = [&] {
    in_threads(pending.size(), [&](size_t i) {
      const auto found = places.equal_range(pending[i].first);
      for (auto place = found.first; place != found.second; ++place)
        pictures.put(place->second, path + ":" + names.pictures[place->second].file.name,
                     [&]() -> std::string_view { return pending[i].second; });
    });
    pending.clear();
    bytes_pending = 0;
  };
  read_archive(
      path, [&](const std::string& name) { return places.count(name) > 0; },
      [&](const std::string& name, std::string bytes) {
        bytes_pending += static_cast<int64_t>(bytes.size());
        pending.emplace_back(name, std::move(bytes));
        if (bytes_pending >= kPendingBytes) decode();
      },
      kMaxPictureBytes);
  decode();
}

// "data: 312 images in 10 classes; skipped: ...", where there is something to say.
void tell_skipped(const std::string& path, const MemoryDataset& data, const PictureNames& names,
                  const std::vector<Skipped>& unreadable) {
  std::vector<Skipped> skipped = names.skipped;
  skipped.insert(skipped.end(), unreadable.begin(), unreadable.end());
  if (skipped.empty() && names.split.empty()) return;
  std::string line = joined(path, ": ", data.size(), " images");
  if (!data.classes().empty()) line += joined(" in ", data.classes().size(), " classes");
  if (!names.split.empty()) line += " of split " + names.split + ", as there is no test";
  if (!skipped.empty()) line += "; " + text_of(skipped);
  notice(line);
}

}  // namespace

MemoryDataset read_pictures(const std::string& path, const FolderOptions& options) {
  const bool folder = fs::is_directory(path);
  const PictureNames names = picture_names(path, folder ? folder_listing(path) : archive_listing(path),
                                           options.split, options.limit);
  Pictures pictures(path, names, options);
  if (folder)
    read_from_folder(path, names, pictures);
  else
    read_from_archive(path, names, pictures);
  const MemoryDataset data = pictures.dataset();
  tell_skipped(path, data, names, pictures.unreadable());
  return data;
}

}  // namespace steer
