#include "steer/data/loader.h"

#include <numeric>

#include "steer/core/check.h"
#include "steer/core/machine.h"
#include "steer/core/random.h"

namespace steer {

namespace {

// Error where a batch, and as many as are made ahead, would not fit into memory.
void check_batches(const Dataset& data, const LoaderOptions& options) {
  const double values = static_cast<double>(options.batch) * static_cast<double>(values_of(data.space()));
  const double batches = static_cast<double>(options.workers > 0 ? options.prefetch + options.workers : 1);
  check_memory(values * sizeof(float) * batches, "[options] loader.batch, loader.prefetch",
               joined(batches, " batches of ", options.batch, " samples"));
}

}  // namespace

Loader::Loader(const Dataset& data, LoaderOptions options, Share share)
    : data_(data), options_(options), share_(share) {
  STEER_CHECK(data.size() > 0, "[Loader] expected a data set with images but got none");
  STEER_CHECK(options.batch > 0, "[Loader] expected a batch of 1 or more but got ", options.batch);
  STEER_CHECK(options.batch % share.of == 0, "[options] loader.batch: expected a multiple of ", share.of,
              ", as many as share a batch, but got ", options.batch);
  STEER_CHECK(options.workers >= 0 && options.workers <= 64, "[Loader] expected 0 to 64 workers but got ",
              options.workers);
  STEER_CHECK(options.prefetch > 0, "[Loader] expected a prefetch of 1 or more but got ", options.prefetch);
  check_batches(data, options);
  start();
}

Loader::~Loader() {
  stop();
}

Batch Loader::next() {
  Made made;
  if (threads_.empty()) {
    made = made_at(indices_at(position_));
  } else {
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_.wait(lock, [&] { return ready_.count(position_) > 0; });
    made = ready_.at(position_);
  }
  if (made.error) std::rethrow_exception(made.error);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ready_.erase(position_);
    position_ += options_.batch;
  }
  room_.notify_one();
  return made.batch;
}

void Loader::seek(int64_t position) {
  STEER_CHECK(position >= 0, "[Loader] expected a position of 0 or more but got ", position);
  stop();
  position_ = position;
  start();
}

void Loader::start() {
  stopping_ = false;
  claimed_ = position_;
  for (int64_t i = 0; i < options_.workers; ++i) threads_.emplace_back([this] { work(); });
}

void Loader::stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  room_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  ready_.clear();
}

void Loader::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    room_.wait(lock, [&] { return stopping_ || claimed_ < position_ + options_.prefetch * options_.batch; });
    if (stopping_) return;
    const int64_t position = claimed_;
    claimed_ += options_.batch;
    const std::vector<int64_t> indices = indices_at(position);
    lock.unlock();
    Made made = made_at(indices);
    lock.lock();
    ready_.emplace(position, std::move(made));
    arrived_.notify_one();
  }
}

std::vector<int64_t> Loader::indices_at(int64_t position) {
  const int64_t size = data_.size(), rows = options_.batch / share_.of;
  const int64_t first = position + share_.rank * rows;
  std::vector<int64_t> indices;
  for (int64_t at = first; at < first + rows; ++at) {
    const int64_t epoch = at / size;
    if (options_.shuffle && epoch != epoch_) {
      order_ =
          permutation(size, derive_seed(static_cast<uint64_t>(options_.seed), static_cast<uint64_t>(epoch)));
      epoch_ = epoch;
    }
    indices.push_back(options_.shuffle ? order_[at % size] : at % size);
  }
  return indices;
}

Loader::Made Loader::made_at(const std::vector<int64_t>& indices) const {
  Made made;
  try {
    made.batch = data_.batch(indices);
    made.batch.share = share_;
  } catch (...) {
    made.error = std::current_exception();
  }
  return made;
}

}  // namespace steer
