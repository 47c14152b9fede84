#include "steer/image/idx.h"

#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

namespace fs = std::filesystem;

using GzFile = std::unique_ptr<gzFile_s, int (*)(gzFile)>;

constexpr int64_t kChunk = 1 << 24;

// Up to `count` bytes; fewer only at the end of the file, whole or cut off.
int64_t read_some(const GzFile& file, const std::string& path, uint8_t* to, int64_t count) {
  int64_t done = 0;
  while (done < count) {
    const int got = gzread(file.get(), to + done, static_cast<unsigned>(std::min(kChunk, count - done)));
    int code = Z_OK;
    const char* const text = gzerror(file.get(), &code);
    STEER_CHECK(got >= 0 || code == Z_BUF_ERROR, "[read_idx] ", path, ": expected whole gzip data but got ",
                text);
    if (got <= 0) break;
    done += got;
  }
  return done;
}

std::string file_of(const std::string& folder, const std::string& stem, int dimensions) {
  for (const char* joint : {"-", "."})
    for (const char* end : {"", ".gz"}) {
      const fs::path path = fs::path(folder) / joined(stem, joint, "idx", dimensions, "-ubyte", end);
      if (fs::is_regular_file(path)) return path.string();
    }
  return "";
}

}  // namespace

namespace {

// Error where a file of so many bytes cannot hold so many values. Deflate packs at most 1,032 into one byte.
void check_room(const GzFile& file, const std::string& path, double values, double most,
                const std::vector<int64_t>& shape) {
  constexpr double kMostPacked = 1032;
  const auto bytes = static_cast<double>(fs::file_size(path));
  STEER_CHECK(values <= most, "[read_idx] ", path, ": expected at most ", most / (1 << 30),
              " GiB but got dimensions ", shape_text(shape));
  STEER_CHECK(values <= bytes * (gzdirect(file.get()) ? 1 : kMostPacked), "[read_idx] ", path, ": expected ",
              values, " values for dimensions ", shape_text(shape), " but got a file of ", bytes, " bytes");
}

}  // namespace

Tensor read_idx(const std::string& path, int64_t most) {
  STEER_CHECK(fs::is_regular_file(path), "[read_idx] ", path, ": expected an IDX file but got no such file");
  const GzFile file(gzopen(path.c_str(), "rb"), gzclose);
  STEER_CHECK(file, "[read_idx] ", path, ": expected a file that can be read");
  uint8_t head[4 + 4 * 4];
  int64_t got = read_some(file, path, head, 4);
  STEER_CHECK(got == 4, "[read_idx] ", path, ": expected a header of at least 4 bytes but got ", got);
  const int64_t dimensions = head[3];
  STEER_CHECK(head[0] == 0 && head[1] == 0 && head[2] == 8 && dimensions >= 1 && dimensions <= 4,
              "[read_idx] ", path, ": expected magic bytes 0 0 8 and 1 to 4 dimensions but got ",
              int{head[0]}, " ", int{head[1]}, " ", int{head[2]}, " and ", dimensions);
  got = 4 + read_some(file, path, head + 4, 4 * dimensions);
  STEER_CHECK(got == 4 + 4 * dimensions, "[read_idx] ", path, ": expected a header of ", 4 + 4 * dimensions,
              " bytes but got ", got);
  std::vector<int64_t> shape;
  double total = 1;
  for (int64_t d = 0; d < dimensions; ++d) {
    const uint8_t* const bytes = head + 4 + 4 * d;
    shape.push_back(int64_t{bytes[0]} << 24 | int64_t{bytes[1]} << 16 | int64_t{bytes[2]} << 8 |
                    int64_t{bytes[3]});
    total *= static_cast<double>(std::max<int64_t>(shape.back(), 1));  // a zero hides no overflow
  }
  check_room(file, path, total, static_cast<double>(most), shape);
  const Tensor values = at::empty(shape, torch::kUInt8);
  got = read_some(file, path, values.data_ptr<uint8_t>(), values.numel());
  // Reading on to the end also lets zlib compare its checksum.
  std::vector<uint8_t> rest(1 << 16);
  int64_t more = 0;
  while ((more = read_some(file, path, rest.data(), static_cast<int64_t>(rest.size()))) > 0) got += more;
  STEER_CHECK(got == values.numel(), "[read_idx] ", path, ": expected ", values.numel(),
              " values for dimensions ", shape_text(shape), " but got ", got);
  int code = Z_OK;
  gzerror(file.get(), &code);
  STEER_CHECK(code == Z_OK, "[read_idx] ", path, ": expected whole gzip data but got the end of the file");
  return values;
}

bool holds_idx(const std::string& folder) {
  return !file_of(folder, "train-images", 3).empty() || !file_of(folder, "t10k-images", 3).empty();
}

MemoryDataset read_idx_folder(const std::string& folder, const std::string& split) {
  const std::string stem = split == "train" ? "train" : "t10k";
  const std::string images_path = file_of(folder, stem + "-images", 3),
                    labels_path = file_of(folder, stem + "-labels", 1);
  STEER_CHECK(!images_path.empty() && !labels_path.empty(), "[data] ", folder, ": expected ", stem,
              "-images-idx3-ubyte and ", stem, "-labels-idx1-ubyte but got only ",
              images_path.empty() ? (labels_path.empty() ? "other files" : "labels") : "images");
  const Tensor images = read_idx(images_path);
  STEER_CHECK(images.dim() == 3 && images.numel() > 0, "[read_idx] ", images_path,
              ": expected images [N, H, W] but got ", shape_text(images.sizes()));
  check_image_memory(images_path, images.size(0), {1, images.size(1), images.size(2)});
  const Tensor labels = read_idx(labels_path, kMaxDatasetBytes / 8);
  STEER_CHECK(labels.dim() == 1 && labels.size(0) == images.size(0), "[read_idx] ", labels_path,
              ": expected ", images.size(0), " labels but got ", shape_text(labels.sizes()));
  std::vector<std::string> classes;
  for (int64_t i = 0; i <= labels.max().item<int64_t>(); ++i) classes.push_back(std::to_string(i));
  return MemoryDataset(images.unsqueeze(1), labels.to(torch::kInt64), classes);
}

}  // namespace steer
