// CIFAR-10 in its binary version (Krizhevsky 2009): records of one label byte and 3 x 32 x 32 image bytes.
#pragma once

#include "steer/image/memory_dataset.h"

namespace steer {

// Whether a file of this name (folders before it ignored) is one of data_batch_*.bin and test_batch.bin.
bool is_cifar_name(const std::string& name);

// Split "train" (every data_batch_*.bin in order of name) or "test" (test_batch.bin) of a folder or archive
// that holds these files at any depth. Throws for files that are not whole records or have labels above 9.
MemoryDataset read_cifar(const std::string& path, const std::string& split);

}  // namespace steer
