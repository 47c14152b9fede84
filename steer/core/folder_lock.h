// One writer of a folder, or of a file that grows, at a time.
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

// The same for one file, made where it is missing, which holds the lock itself. A file that is replaced as a
// whole (core/files.h) needs none.
class FileLock {
 public:
  // Error where somebody else holds its lock, or it cannot be opened for writing.
  explicit FileLock(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int file_ = -1;
};

}  // namespace steer
