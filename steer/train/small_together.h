// Threads of a test that train one model together.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "steer/train/together.h"

namespace steer {

// Threads of one process as ranks: each waits until all have come, the last adds up.
class Threads {
 public:
  explicit Threads(int64_t of) : of_(of) {}

  Together rank(int64_t rank) {
    return {rank, of_, [this, rank](const std::vector<Tensor>& tensors) { sum(rank, tensors); }};
  }

  // Every rank's work, side by side.
  void run(const std::function<void(int64_t)>& work) const {
    std::vector<std::thread> threads;
    for (int64_t rank = 0; rank < of_; ++rank) threads.emplace_back(work, rank);
    for (std::thread& thread : threads) thread.join();
  }

 private:
  void sum(int64_t rank, const std::vector<Tensor>& tensors) {
    std::unique_lock<std::mutex> lock(mutex_);
    const int64_t round = round_;
    shares_[rank] = tensors;
    if (static_cast<int64_t>(shares_.size()) < of_) {
      arrived_.wait(lock, [&] { return round_ != round; });
      return;
    }
    for (size_t i = 0; i < tensors.size(); ++i) {
      Tensor whole = shares_[0][i].clone();
      for (int64_t other = 1; other < of_; ++other) whole += shares_[other][i];
      for (auto& [other, share] : shares_) share[i].copy_(whole);
    }
    shares_.clear();
    ++round_;
    arrived_.notify_all();
  }

  int64_t of_, round_ = 0;
  std::map<int64_t, std::vector<Tensor>> shares_;
  std::mutex mutex_;
  std::condition_variable arrived_;
};

}  // namespace steer
