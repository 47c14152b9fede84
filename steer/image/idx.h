// The IDX files of MNIST and its kin (LeCun, Cortes, Burges), gzipped or not.
#pragma once

#include "steer/image/memory_dataset.h"

namespace steer {

// The unsigned bytes of an IDX file as a uint8 tensor with the file's 1 to 4 dimensions. Throws unless the
// file has the magic number of unsigned bytes and exactly the length that its dimensions say; for more than
// `most` bytes, or than so small a file can hold, before memory is taken for them.
Tensor read_idx(const std::string& path, int64_t most = kMaxDatasetBytes);

// Whether the folder holds MNIST-like files: train-images-idx3-ubyte[.gz] or t10k-images-idx3-ubyte[.gz].
bool holds_idx(const std::string& folder);

// The images and labels of split "train" (files train-...) or "test" (t10k-...), one channel as stored.
MemoryDataset read_idx_folder(const std::string& folder, const std::string& split);

}  // namespace steer
