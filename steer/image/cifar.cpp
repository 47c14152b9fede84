#include "steer/image/cifar.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/data/archives.h"

namespace steer {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kImageBytes = 3 * 32 * 32;
constexpr int64_t kRecordBytes = 1 + kImageBytes;

bool of_split(const std::string& name, const std::string& split) {
  return is_cifar_name(name) && (fs::path(name).filename() == "test_batch.bin") == (split == "test");
}

// The wanted files by name, whole. Refused, as their images would be, before they take more memory than a
// data set may.
std::map<std::string, std::string> files_of(const std::string& path, const std::string& split) {
  std::map<std::string, std::string> files;
  int64_t records = 0;
  const auto count = [&](const std::string& name, uint64_t bytes) {
    const auto length = static_cast<int64_t>(bytes);
    STEER_CHECK(length > 0 && length % kRecordBytes == 0, "[read_cifar] ", name, ": expected records of ",
                kRecordBytes, " bytes but got ", length, " bytes");
    records += length / kRecordBytes;
    check_image_memory(path, records, {3, 32, 32});
  };
  if (!fs::is_directory(path)) {
    read_archive(
        path, [&](const std::string& name) { return of_split(name, split); },
        [&](const std::string& name, std::string bytes) {
          count(name, bytes.size());
          files[name] = std::move(bytes);
        });
    return files;
  }
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (!entry.is_regular_file() || !of_split(entry.path().string(), split)) continue;
    count(entry.path().string(), entry.file_size());
    files[entry.path().string()] = read_file(entry.path().string());
  }
  return files;
}

}  // namespace

bool is_cifar_name(const std::string& name) {
  const std::string file = fs::path(name).filename().string();
  return file == "test_batch.bin" ||
         (file.rfind("data_batch_", 0) == 0 && fs::path(file).extension() == ".bin");
}

MemoryDataset read_cifar(const std::string& path, const std::string& split) {
  std::map<std::string, std::string> files = files_of(path, split);
  STEER_CHECK(!files.empty(), "[read_cifar] ", path, ": expected ",
              split == "test" ? "test_batch.bin" : "data_batch_1.bin and so on", " but got no such file");
  int64_t count = 0;
  for (const auto& [name, bytes] : files) {
    STEER_CHECK(bytes.size() % kRecordBytes == 0, "[read_cifar] ", name,
                ": expected whole records but it changed while it was read");
    count += static_cast<int64_t>(bytes.size()) / kRecordBytes;
  }
  const Tensor images = image_memory(path, count, {3, 32, 32}), labels = at::empty({count}, torch::kInt64);
  uint8_t* image = images.data_ptr<uint8_t>();
  int64_t* label = labels.data_ptr<int64_t>();
  for (auto& [name, bytes] : files) {
    for (size_t at = 0; at < bytes.size(); at += kRecordBytes) {
      *label = static_cast<uint8_t>(bytes[at]);
      STEER_CHECK(*label < 10, "[read_cifar] ", name, ": expected labels of 0 to 9 but got ", *label);
      image = std::copy_n(bytes.data() + at + 1, kImageBytes, image);
      ++label;
    }
    bytes = std::string();  // its images are in memory now
  }
  return MemoryDataset(
      images, labels,
      {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"});
}

}  // namespace steer
