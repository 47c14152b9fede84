#include "steer/serve/job_queue.h"

#include <algorithm>
#include <ctime>

#include "steer/core/clock.h"
#include "steer/core/interruption.h"
#include "steer/serve/access.h"

namespace steer {
namespace {

constexpr double kPreviewSeconds = 0.15, kTellSeconds = 0.05;

bool has_ended(JobState state) {
  return state != JobState::kQueued && state != JobState::kRunning;
}

}  // namespace

std::string name_of(JobState state) {
  constexpr const char* kNames[] = {"queued", "running", "done", "failed", "stopped"};
  return kNames[static_cast<int>(state)];
}

Json job_json(const JobInfo& info) {
  return {{"id", info.id},        {"kind", info.kind}, {"asked", info.asked}, {"state", name_of(info.state)},
          {"share", info.share},  {"note", info.note}, {"error", info.error}, {"created", info.created},
          {"result", info.result}};
}

struct JobQueue::Job {
  JobInfo info;
  JobWork work;
  std::atomic<bool> stopped{false};
};

class JobQueue::Look : public JobLook {
 public:
  Look(JobQueue& queue, Job& job) : queue_(queue), job_(job) {}

  const std::string& id() const override { return job_.info.id; }
  bool goes_on() const override { return !job_.stopped; }

  void tell(double share, const std::string& note) override {
    if (now_seconds() - told_ < kTellSeconds && share < 1) return;
    told_ = now_seconds();
    queue_.change(job_, [&](JobInfo& info) { info.share = share, info.note = note, info.preview.clear(); });
  }

  bool wants_preview() const override { return now_seconds() - shown_ > kPreviewSeconds; }

  void show(std::string png) override {
    shown_ = now_seconds();
    queue_.change(job_, [&](JobInfo& info) { info.preview = std::move(png); });
  }

 private:
  JobQueue& queue_;
  Job& job_;
  double told_ = 0, shown_ = 0;
};

JobQueue::JobQueue(size_t most_waiting, std::function<void(const JobInfo&)> changed)
    : most_waiting_(most_waiting), changed_(std::move(changed)) {}

bool JobQueue::has_room() const {
  const std::lock_guard lock(mutex_);
  const auto waiting = std::count_if(jobs_.begin(), jobs_.end(),
                                     [](const auto& job) { return job->info.state == JobState::kQueued; });
  return !ends_ && static_cast<size_t>(waiting) < most_waiting_;
}

std::string JobQueue::submit(const std::string& kind, Json asked, JobWork work) {
  const auto job = std::make_shared<Job>();
  const std::string id = random_name();
  job->info.id = id, job->info.kind = kind, job->info.asked = std::move(asked);
  job->info.created = static_cast<int64_t>(std::time(nullptr));
  job->work = std::move(work);
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(job);
  }
  change(*job, [](JobInfo&) {});
  wakes_.notify_one();
  return id;
}

void JobQueue::remember(JobInfo info) {
  const auto job = std::make_shared<Job>();
  job->info = std::move(info);
  const std::lock_guard lock(mutex_);
  const auto later = std::upper_bound(
      jobs_.begin(), jobs_.end(), job->info.created,
      [](int64_t created, const std::shared_ptr<Job>& other) { return created < other->info.created; });
  jobs_.insert(later, job);
}

void JobQueue::stop(const std::string& id) {
  const std::shared_ptr<Job> found = job(id);
  if (!found) return;
  found->stopped = true;
  change(*found, [](JobInfo& info) {
    if (info.state == JobState::kQueued) info.state = JobState::kStopped;
  });
}

bool JobQueue::forget(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto at = std::find_if(jobs_.begin(), jobs_.end(), [&](const auto& job) {
    return job->info.id == id && has_ended(job->info.state);
  });
  if (at == jobs_.end()) return false;
  jobs_.erase(at);
  return true;
}

std::vector<JobInfo> JobQueue::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<JobInfo> list;
  for (auto at = jobs_.rbegin(); at != jobs_.rend(); ++at) list.push_back((*at)->info);
  return list;
}

bool JobQueue::find(const std::string& id, JobInfo& info) const {
  const std::shared_ptr<Job> found = job(id);
  if (!found) return false;
  const std::lock_guard lock(mutex_);
  info = found->info;
  return true;
}

std::shared_ptr<JobQueue::Job> JobQueue::job(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto at =
      std::find_if(jobs_.begin(), jobs_.end(), [&](const auto& job) { return job->info.id == id; });
  return at == jobs_.end() ? nullptr : *at;
}

void JobQueue::change(Job& job, const std::function<void(JobInfo&)>& how) {
  const std::lock_guard telling(telling_);
  JobInfo copy;
  {
    const std::lock_guard lock(mutex_);
    how(job.info);
    copy = job.info;
  }
  if (changed_) changed_(copy);
}

std::shared_ptr<JobQueue::Job> JobQueue::next() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (ends_) return nullptr;
    for (const auto& job : jobs_)
      if (job->info.state == JobState::kQueued) {
        job->info.state = JobState::kRunning;
        return job;
      }
    wakes_.wait(lock);
  }
}

void JobQueue::run(Job& job) {
  change(job, [](JobInfo&) {});
  Look look(*this, job);
  Json result;
  std::string error;
  // Seen between the blocks of networks too, so that one evaluation is not waited for.
  const InterruptionLook interruption([&job] { return job.stopped.load(); });
  try {
    result = job.work(look);
  } catch (const Interrupted&) {
    job.stopped = true;
  } catch (const std::exception& fault) {
    error = fault.what();
  }
  job.work = nullptr;
  change(job, [&](JobInfo& info) {
    info.result = std::move(result), info.error = error, info.note.clear(), info.preview.clear();
    info.state = job.stopped ? JobState::kStopped : error.empty() ? JobState::kDone : JobState::kFailed;
    if (info.state == JobState::kStopped) info.error.clear();
    if (info.state == JobState::kDone) info.share = 1;
  });
}

void JobQueue::work_on() {
  while (const std::shared_ptr<Job> job = next()) run(*job);
}

void JobQueue::end() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
    for (const auto& job : jobs_)
      if (!has_ended(job->info.state)) job->stopped = true;
  }
  wakes_.notify_all();
}

}  // namespace steer
