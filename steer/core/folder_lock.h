// One writer of a folder at a time.
#pragma once

#include <string>

namespace steer {

// Holds FOLDER/.lock, which is made where it is missing, until it or its process ends, however that ends.
// Whoever reads the folder needs no lock. Where a file system has no locks, none is held.
class FolderLock {
 public:
  // Makes the folder. Error, with the number of the process, where another one holds its lock.
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int file_ = -1;
};

}  // namespace steer
