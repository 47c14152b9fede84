#include "steer/serve/job_queue.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "steer/core/check.h"
#include "steer/core/interruption.h"

namespace steer {
namespace {

// A job that goes on by a step each time the test lets it, and tells when it has begun.
class Steps {
 public:
  JobWork work() {
    return [this](JobLook& look) -> Json {
      for (int i = 0; look.goes_on(); ++i) {
        std::unique_lock lock(mutex_);
        begun_ = true;
        changed_.notify_all();
        changed_.wait(lock, [&] { return allowed_ > i || !look.goes_on(); });
        if (over_) return {{"steps", i}};
        look.tell(0.5, "step");
      }
      return {{"ended", true}};
    };
  }
  void wait_begun() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return begun_; });
  }
  void finish() {
    const std::lock_guard lock(mutex_);
    over_ = true, allowed_ = 1 << 20;
    changed_.notify_all();
  }
  void wake() { changed_.notify_all(); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int allowed_ = 0;
  bool begun_ = false, over_ = false;
};

class JobQueueTest : public testing::Test {
 protected:
  JobQueueTest()
      : queue_(3,
               [this](const JobInfo& info) {
                 const std::lock_guard lock(mutex_);
                 seen_.push_back(info);
                 changed_.notify_all();
               }),
        worker_([this] { queue_.work_on(); }) {}
  ~JobQueueTest() override {
    queue_.end();
    worker_.join();
  }

  JobInfo ended(const std::string& id) {
    std::unique_lock lock(mutex_);
    JobInfo found;
    changed_.wait(lock, [&] {
      for (const JobInfo& info : seen_)
        if (info.id == id && info.state != JobState::kQueued && info.state != JobState::kRunning) {
          found = info;
          return true;
        }
      return false;
    });
    return found;
  }
  std::vector<JobState> states_of(const std::string& id) {
    const std::lock_guard lock(mutex_);
    std::vector<JobState> states;
    for (const JobInfo& info : seen_)
      if (info.id == id && (states.empty() || states.back() != info.state)) states.push_back(info.state);
    return states;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<JobInfo> seen_;
  JobQueue queue_;
  std::thread worker_;
};

TEST_F(JobQueueTest, DoesJobsInTheirOrder) {
  Steps steps;
  const std::string first = queue_.submit("samples", 1, steps.work());
  steps.wait_begun();
  const std::string second = queue_.submit("samples", 2, [](JobLook&) { return Json("two"); });
  const std::string third = queue_.submit("search", 3, [](JobLook&) -> Json { fail("[x] went wrong"); });
  JobInfo info;
  ASSERT_TRUE(queue_.find(second, info));
  EXPECT_EQ(info.state, JobState::kQueued);
  steps.finish();
  EXPECT_EQ(ended(third).error, "[x] went wrong");
  EXPECT_EQ(ended(second).result, "two");
  EXPECT_EQ(ended(first).result["steps"], 0);
  constexpr JobState kQueued = JobState::kQueued, kRunning = JobState::kRunning, kDone = JobState::kDone,
                     kFailed = JobState::kFailed;
  EXPECT_EQ(states_of(first), (std::vector<JobState>{kQueued, kRunning, kDone}));
  EXPECT_EQ(states_of(third), (std::vector<JobState>{kQueued, kRunning, kFailed}));
  const std::vector<JobInfo> all = queue_.all();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].id, third);  // the newest first
}

TEST_F(JobQueueTest, StopsOneAndNoOther) {
  Steps steps;
  const std::string running = queue_.submit("samples", 1, steps.work());
  steps.wait_begun();
  const std::string waits = queue_.submit("samples", 2, [](JobLook&) { return Json("never"); });
  const std::string neighbour = queue_.submit("samples", 3, [](JobLook&) { return Json("here"); });
  queue_.stop(waits);
  queue_.stop(waits);  // again: nothing more
  queue_.stop("nobody");
  EXPECT_EQ(ended(waits).state, JobState::kStopped);
  EXPECT_FALSE(queue_.forget(running));  // it runs
  queue_.stop(running);
  steps.wake();
  EXPECT_EQ(ended(running).state, JobState::kStopped);
  EXPECT_EQ(ended(neighbour).result, "here");
  queue_.stop(neighbour);
  JobInfo info;
  ASSERT_TRUE(queue_.find(neighbour, info));
  EXPECT_EQ(info.state, JobState::kDone);
  EXPECT_TRUE(queue_.forget(neighbour));
  EXPECT_FALSE(queue_.find(neighbour, info));
}

TEST_F(JobQueueTest, BlocksOfNetworksSeeThatItIsStopped) {
  std::string id;
  std::mutex ready;
  std::unique_lock lock(ready);
  id = queue_.submit("samples", 1, [&](JobLook&) -> Json {
    { const std::lock_guard named(ready); }
    queue_.stop(id);
    end_if_interrupted();
    return "not seen";
  });
  lock.unlock();
  EXPECT_EQ(ended(id).state, JobState::kStopped);
  EXPECT_TRUE(ended(id).result.is_null());
}

TEST_F(JobQueueTest, TakesSoManyAndNoMore) {
  Steps steps;
  queue_.submit("samples", 0, steps.work());
  steps.wait_begun();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(queue_.has_room());
    queue_.submit("samples", i, [](JobLook&) { return Json(); });
  }
  EXPECT_FALSE(queue_.has_room());
  steps.finish();
}

TEST_F(JobQueueTest, RemembersByTime) {
  JobInfo old, older;
  old.id = "b", old.created = 5, old.state = JobState::kDone;
  older.id = "a", older.created = 3, older.state = JobState::kStopped;
  queue_.remember(old);
  queue_.remember(older);
  const auto all = queue_.all();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].id, "b");
  EXPECT_EQ(job_json(all[1])["state"], "stopped");
}

}  // namespace
}  // namespace steer
