// A data set whose images stand in memory, one byte a value.
#pragma once

#include "steer/data/dataset.h"
#include "steer/image/image_space.h"

namespace steer {

// The most bytes that the images of one data set may take in memory.
constexpr int64_t kMaxDatasetBytes = int64_t{8} << 30;

// Images and labels in memory.
class MemoryDataset : public Dataset {
 public:
  // images uint8 [N, C, H, W], N > 0; labels int64 [N], each -1 or, where there are class names, a number of
  // one.
  MemoryDataset(Tensor images, Tensor labels, std::vector<std::string> classes);

  int64_t size() const override { return images_.size(0); }
  Batch batch(const std::vector<int64_t>& indices) const override;
  Space space() const override { return image_space(images_.size(1), images_.size(2), images_.size(3)); }
  std::vector<std::string> classes() const override { return classes_; }

  const Tensor& images() const { return images_; }  // uint8 [N, C, H, W]
  const Tensor& labels() const { return labels_; }  // int64 [N]

 private:
  Tensor images_, labels_;
  std::vector<std::string> classes_;
};

// Error, naming the memory they would take, where so many images of shape [C, H, W] with their labels need
// more than kMaxDatasetBytes or than the machine has.
void check_image_memory(const std::string& path, int64_t count, at::IntArrayRef shape);

// Uninitialised uint8 [count, C, H, W], checked so.
Tensor image_memory(const std::string& path, int64_t count, at::IntArrayRef shape);

}  // namespace steer
