#include "steer/image/memory_dataset.h"

#include <algorithm>
#include <array>

#include "steer/core/check.h"
#include "steer/core/machine.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

// The value in [-1, 1] of each byte.
const std::array<float, 256>& byte_values() {
  static const std::array<float, 256> values = [] {
    const Tensor all = from_bytes(at::arange(256).to(torch::kUInt8));
    std::array<float, 256> made{};
    std::copy_n(all.data_ptr<float>(), 256, made.begin());
    return made;
  }();
  return values;
}

}  // namespace

MemoryDataset::MemoryDataset(Tensor images, Tensor labels, std::vector<std::string> classes)
    : images_(images.contiguous()), labels_(labels.contiguous()), classes_(std::move(classes)) {
  STEER_CHECK(images_.dim() == 4 && images_.scalar_type() == torch::kUInt8 && images_.numel() > 0,
              "[MemoryDataset] expected uint8 images [N, C, H, W] but got ", shape_text(images_.sizes()));
  STEER_CHECK(
      labels_.dim() == 1 && labels_.scalar_type() == torch::kInt64 && labels_.size(0) == images_.size(0),
      "[MemoryDataset] expected ", images_.size(0), " int64 labels but got ", shape_text(labels_.sizes()));
  const int64_t lowest = labels_.min().item<int64_t>(), highest = labels_.max().item<int64_t>();
  STEER_CHECK(lowest >= -1 && (classes_.empty() || highest < static_cast<int64_t>(classes_.size())),
              "[MemoryDataset] expected labels of ", classes_.size(), " classes but got ", lowest, " to ",
              highest);
}

Batch MemoryDataset::batch(const std::vector<int64_t>& indices) const {
  const int64_t count = static_cast<int64_t>(indices.size()), each = images_[0].numel();
  std::vector<int64_t> shape = images_.sizes().vec();
  shape[0] = count;
  Batch batch;
  batch.data.x = at::empty(shape, torch::kFloat32);
  batch.told.label = at::empty({count}, torch::kInt64);
  batch.index = at::empty({count}, torch::kInt64);
  const std::array<float, 256>& values = byte_values();
  const uint8_t* const images = images_.data_ptr<uint8_t>();
  const int64_t* const labels = labels_.data_ptr<int64_t>();
  float* x = batch.data.x.data_ptr<float>();
  for (int64_t i = 0; i < count; ++i) {
    const int64_t index = indices[i];
    STEER_CHECK(index >= 0 && index < size(), "[batch] expected an index below ", size(), " but got ", index);
    const uint8_t* const image = images + index * each;
    for (int64_t j = 0; j < each; ++j) *x++ = values[image[j]];
    batch.told.label.data_ptr<int64_t>()[i] = labels[index];
    batch.index.data_ptr<int64_t>()[i] = index;
  }
  return batch;
}

void check_image_memory(const std::string& path, int64_t count, at::IntArrayRef shape) {
  double each = 1;
  for (int64_t side : shape) each *= static_cast<double>(side);
  constexpr double kGiB = 1 << 30;
  const double bytes = static_cast<double>(count) * each,
               labels = static_cast<double>(count) * sizeof(int64_t);
  const double most = std::min(static_cast<double>(kMaxDatasetBytes), static_cast<double>(usable_memory()));
  STEER_CHECK(bytes <= most && labels <= most, "[data] ", path, ": expected images of at most ", most / kGiB,
              " GiB in memory but got ", count, " of ", shape_text(shape), ", ", bytes / kGiB,
              " GiB (a smaller size or a limit helps)");
}

Tensor image_memory(const std::string& path, int64_t count, at::IntArrayRef shape) {
  check_image_memory(path, count, shape);
  return at::empty({count, shape[0], shape[1], shape[2]}, torch::kUInt8);
}

}  // namespace steer
