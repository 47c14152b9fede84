// Shuffled batches without end, made ahead of time by threads.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "steer/core/option_fields.h"
#include "steer/data/dataset.h"

namespace steer {

// How batches are taken from a data set.
struct LoaderOptions {
  int64_t batch = 64;    // images in every batch
  bool shuffle = true;   // a new order for each epoch; otherwise the order of the data set
  int64_t seed = 0;      // of the orders
  int64_t workers = 1;   // threads that make batches; 0: next() makes them itself
  int64_t prefetch = 4;  // batches made ahead, at most

  void fields(OptionFields& f) {
    f("batch", batch, "images in a batch", from_to(1, 1 << 20));
    f("shuffle", shuffle, "take the images of each epoch in a new order");
    f("seed", seed, "seed of the orders", at_least(0));
    f("workers", workers, "threads that load (0: none beside the caller's)", from_to(0, 256));
    f("prefetch", prefetch, "batches loaded ahead", from_to(0, 4096));
  }
};

// Epoch after epoch of a data set as one stream of images, cut into full batches that may span epochs. The
// stream is a function of the seed and the position alone, whatever the number of threads and of shares. One
// caller at a time.
class Loader {
 public:
  // `data` must outlive the loader. Of every batch only the rows of a share are read and given. Error where
  // a batch has no equal shares.
  Loader(const Dataset& data, LoaderOptions options, Share share = {});
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // The next batch, or this share of it. Throws what the data set threw for it, again at every call until a
  // seek.
  Batch next();

  // Images handed out since the start of the stream, by all shares, and a jump to such a position.
  int64_t position() const { return position_; }
  void seek(int64_t position);

 private:
  struct Made {
    Batch batch;
    std::exception_ptr error;
  };

  void start();
  void stop();
  void work();
  std::vector<int64_t> indices_at(
      int64_t position);  // of this share of a batch; needs mutex_ while threads run
  Made made_at(const std::vector<int64_t>& indices) const;

  const Dataset& data_;
  const LoaderOptions options_;
  const Share share_;
  int64_t position_ = 0;  // where the next batch starts
  int64_t claimed_ = 0;   // where the first batch starts that no thread has taken up
  std::map<int64_t, Made> ready_;
  bool stopping_ = false;
  int64_t epoch_ = -1;  // whose order `order_` is
  std::vector<int64_t> order_;
  std::mutex mutex_;
  std::condition_variable room_, arrived_;
  std::vector<std::thread> threads_;
};

}  // namespace steer
