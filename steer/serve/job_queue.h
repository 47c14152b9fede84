// Work that waits for its turn: one job at a time, each seen going on, each ended by its name.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "steer/core/json.h"

namespace steer {

// How far a job is.
enum class JobState { kQueued, kRunning, kDone, kFailed, kStopped };

// "queued", "running", "done", "failed" or "stopped".
std::string name_of(JobState state);

// What is known of a job. Copies are of one moment.
struct JobInfo {
  std::string id;                      // 32 hexadecimal digits
  std::string kind;                    // "samples" or "search"
  Json asked;                          // as it was asked for
  JobState state = JobState::kQueued;  // how far it is
  double share = 0;                    // done, in [0, 1]
  std::string note;                    // what it does now, or nothing
  std::string preview;                 // a PNG of what there is so far; empty: none
  std::string error;                   // of failed ones, one line
  int64_t created = 0;                 // seconds since 1970
  Json result;                         // of done ones, and of stopped ones what they have
};

// All but the preview as JSON: id, kind, asked, state, share, note, error, created, result.
Json job_json(const JobInfo& info);

// What a job sees of whoever asked for it, on the worker's thread.
class JobLook {
 public:
  virtual ~JobLook() = default;
  // The job's name.
  virtual const std::string& id() const = 0;
  // Whether it shall go on; false once it was stopped.
  virtual bool goes_on() const = 0;
  // Tells how far it is, and what it does.
  virtual void tell(double share, const std::string& note) = 0;
  // Whether a preview would be seen now: they are shown a few times a second.
  virtual bool wants_preview() const = 0;
  // Shows a PNG.
  virtual void show(std::string png) = 0;
};

// What a job does: gives its result. What it throws becomes its error.
using JobWork = std::function<Json(JobLook&)>;

// Jobs in the order in which they came. Everything but work_on() may be called from any thread.
class JobQueue {
 public:
  // `changed` is called on whichever thread changes a job, never twice at once.
  explicit JobQueue(size_t most_waiting, std::function<void(const JobInfo&)> changed);

  // Whether another job is taken.
  bool has_room() const;
  // Adds a job and gives its name.
  std::string submit(const std::string& kind, Json asked, JobWork work);
  // Adds one that ended earlier.
  void remember(JobInfo info);
  // Ends a job that waits or runs, at its next look; of one that ended, or is not known, nothing happens.
  void stop(const std::string& id);
  // Takes a job that ended out of the list. False for one that is not known or not ended.
  bool forget(const std::string& id);
  // All jobs, the newest first; one by its name, false where there is none.
  std::vector<JobInfo> all() const;
  bool find(const std::string& id, JobInfo& info) const;

  // Does the jobs, one after the other, on this thread, until end().
  void work_on();
  // Ends what runs, and work_on().
  void end();

 private:
  struct Job;
  class Look;

  std::shared_ptr<Job> next();
  std::shared_ptr<Job> job(const std::string& id) const;
  void change(Job& job, const std::function<void(JobInfo&)>& how);
  void run(Job& job);

  size_t most_waiting_;
  std::function<void(const JobInfo&)> changed_;
  mutable std::mutex mutex_;
  std::mutex telling_;  // of changed_
  std::condition_variable wakes_;
  std::vector<std::shared_ptr<Job>> jobs_;  // the oldest first
  bool ends_ = false;
};

}  // namespace steer
