// Jobs that ended, as files of a folder: ID.job.json of each, and what it made, ID.*.
#pragma once

#include <string>
#include <vector>

#include "steer/serve/job_queue.h"

namespace steer {

// The folder. Files are written atomically; what a crash leaves half made is not listed.
class JobHistory {
 public:
  // Makes the folder where it is missing. Error where that fails.
  explicit JobHistory(std::string folder);

  // FOLDER/ID.WHAT; and whether there is such a file.
  std::string path(const std::string& id, const std::string& what) const;
  bool has(const std::string& id, const std::string& what) const;
  // Keeps a job that ended.
  void keep(const JobInfo& info) const;
  // All jobs that were kept, the oldest first; files that cannot be read are passed over.
  std::vector<JobInfo> kept() const;
  // Removes a job and all that it made.
  void remove(const std::string& id) const;
  // Free bytes of the disk.
  int64_t free_bytes() const;

 private:
  std::string folder_;
};

}  // namespace steer
