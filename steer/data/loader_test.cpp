#include "steer/data/loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include "steer/core/check.h"
#include "steer/data/tensor_dataset.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

Space one_number() {
  Space space;
  space.sizes = {1};
  return space;
}

TensorDataset numbered(int64_t count) {
  const Tensor numbers = torch::arange(count);
  return TensorDataset(one_number(), numbers.to(torch::kFloat32).view({count, 1}), numbers);
}

std::vector<int64_t> next_indices(Loader& loader) {
  const Tensor index = loader.next().index;
  return std::vector<int64_t>(index.data_ptr<int64_t>(), index.data_ptr<int64_t>() + index.numel());
}

std::vector<int64_t> stream(const Dataset& data, LoaderOptions options, int64_t batches, int64_t from = 0) {
  Loader loader(data, options);
  if (from) loader.seek(from);
  std::vector<int64_t> all;
  for (int64_t i = 0; i < batches; ++i)
    for (int64_t index : next_indices(loader)) all.push_back(index);
  return all;
}

LoaderOptions small(int64_t workers) {
  LoaderOptions options;
  options.batch = 7;
  options.seed = 5;
  options.workers = workers;
  return options;
}

TEST(Loader, StreamDoesNotDependOnTheWorkers) {
  const TensorDataset data = numbered(50);
  const std::vector<int64_t> plain = stream(data, small(0), 40);
  EXPECT_EQ(stream(data, small(1), 40), plain);
  EXPECT_EQ(stream(data, small(3), 40), plain);
  LoaderOptions other = small(1);
  other.seed = 6;
  EXPECT_NE(stream(data, other, 40), plain);
}

TEST(Loader, SharesOfAStreamAreTheStream) {
  const TensorDataset data = numbered(50);
  LoaderOptions options = small(0);
  options.batch = 6;
  const std::vector<int64_t> whole = stream(data, options, 20, 12);
  for (const int64_t workers : {0, 2}) {
    options.workers = workers;
    std::vector<std::unique_ptr<Loader>> loaders;
    for (int64_t rank = 0; rank < 3; ++rank) {
      loaders.push_back(std::make_unique<Loader>(data, options, Share{rank, 3}));
      loaders.back()->seek(12);
    }
    std::vector<int64_t> all;
    for (int64_t i = 0; i < 20; ++i)
      for (const auto& loader : loaders)
        for (const int64_t index : next_indices(*loader)) all.push_back(index);
    EXPECT_EQ(all, whole);
    EXPECT_EQ(loaders[1]->position(), 12 + 20 * 6);
    EXPECT_EQ(loaders[1]->next().share.rank, 1);
  }
  EXPECT_NE(refusal([&] { Loader(data, options, {0, 4}); }).find("multiple of 4"), std::string::npos);
}

TEST(Loader, EveryEpochHoldsEveryImageOnceInANewOrder) {
  const std::vector<int64_t> all = stream(numbered(50), small(2), 50);
  std::vector<int64_t> first(all.begin(), all.begin() + 50), second(all.begin() + 50, all.begin() + 100);
  EXPECT_NE(first, second);
  std::sort(first.begin(), first.end());
  std::sort(second.begin(), second.end());
  EXPECT_EQ(first, second);
  for (int64_t i = 0; i < 50; ++i) EXPECT_EQ(first[i], i);
}

TEST(Loader, SeekResumesExactly) {
  const TensorDataset data = numbered(50);
  const std::vector<int64_t> all = stream(data, small(0), 30);
  for (int64_t workers : {0, 3}) {
    EXPECT_EQ(stream(data, small(workers), 10, 77),
              std::vector<int64_t>(all.begin() + 77, all.begin() + 147));
    Loader loader(data, small(workers));
    next_indices(loader);
    EXPECT_EQ(loader.position(), 7);
    loader.seek(0);
    EXPECT_EQ(next_indices(loader), std::vector<int64_t>(all.begin(), all.begin() + 7));
  }
}

TEST(Loader, WithoutShufflingTheOrderIsThatOfTheData) {
  LoaderOptions options = small(2);
  options.shuffle = false;
  const std::vector<int64_t> all = stream(numbered(10), options, 3);
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], static_cast<int64_t>(i % 10));
}

TEST(Loader, BatchesMayBeLargerThanTheData) {
  LoaderOptions options = small(1);
  options.batch = 25;
  EXPECT_EQ(stream(numbered(10), options, 2).size(), 50u);
}

// Fails for one index; counts the batches it was asked for.
class Failing : public Dataset {
 public:
  int64_t size() const override { return 40; }
  Space space() const override { return one_number(); }
  Batch batch(const std::vector<int64_t>& indices) const override {
    ++asked;
    for (int64_t index : indices) STEER_CHECK(index != 15, "[Failing] expected another index");
    const Tensor index = torch::tensor(indices);
    return {torch::zeros({index.size(0), 1}), {index, {}}, index};
  }
  mutable std::atomic<int> asked{0};
};

TEST(Loader, ErrorsArriveAtTheirPlaceInTheStream) {
  for (int64_t workers : {0, 1, 3}) {
    LoaderOptions options = small(workers);
    options.shuffle = false;
    const Failing data;
    Loader loader(data, options);
    loader.next();
    loader.next();
    EXPECT_THROW(loader.next(), Error);
    EXPECT_THROW(loader.next(), Error);
    EXPECT_EQ(loader.position(), 14);
    loader.seek(21);
    EXPECT_EQ(next_indices(loader).front(), 21);
  }
}

TEST(Loader, MakesNoMoreAheadThanAllowed) {
  const Failing data;
  LoaderOptions options = small(3);
  options.prefetch = 2;
  { Loader loader(data, options); }
  EXPECT_LE(data.asked, 2);
}

TEST(Loader, WrongOptionsAreRefused) {
  const TensorDataset data = numbered(10);
  LoaderOptions options;
  options.batch = 0;
  EXPECT_THROW(Loader(data, options), Error);
  EXPECT_THROW(Loader(data, small(-1)), Error);
  EXPECT_THROW(Loader(data, small(0)).seek(-1), Error);
}

TEST(Loader, BatchesThatNoMemoryHoldsAreRefusedInALine) {
  const TensorDataset data = numbered(10);
  for (const int64_t batch : {int64_t{1} << 40, INT64_MAX}) {
    LoaderOptions options;
    options.batch = batch;
    EXPECT_NE(refusal([&] { Loader(data, options); }).find(" GiB of memory but "), std::string::npos);
  }
}

}  // namespace
}  // namespace steer
