#include "steer/ddn/rivals.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "steer/core/host_reads.h"
#include "steer/core/random.h"
#include "steer/ddn/split_prune.h"

namespace steer {
namespace {

using Row = std::vector<double>;
using Table = std::vector<Row>;

double sum_of(const Row& row) {
  return std::accumulate(row.begin(), row.end(), 0.0);
}

Row proportional(const Row& row) {
  Row shares = row;
  for (double& each : shares) each = sum_of(row) > 0 ? each / sum_of(row) : 0;
  return shares;
}

// The bookkeeping stated a second time, line by line as reference section 2.2 has it, on whole tables.
struct PlainCounts {
  Row count;
  Table near2;
  Row losses;

  explicit PlainCounts(size_t k) : count(k, 0), near2(k, Row(k, 0)), losses(k, 0) {}

  void add(const Tensor& distance, const Tensor& nearest, const Tensor& second) {
    for (int64_t b = 0; b < distance.size(0); ++b) {
      const auto first = nearest[b].item<int64_t>();
      count[first] += 1, near2[first][second[b].item<int64_t>()] += 1;
      for (size_t k = 0; k < count.size(); ++k)
        losses[k] += distance[b][static_cast<int64_t>(k)].item<float>();
    }
  }

  void fade(double kept) {
    for (double& each : count) each *= kept;
    for (double& each : losses) each *= kept;
    for (Row& row : near2)
      for (double& each : row) each *= kept;
  }

  size_t pruned() const {
    size_t d = static_cast<size_t>(std::min_element(count.begin(), count.end()) - count.begin());
    if (count[d] > 0) return d;
    for (size_t k = 0; k < count.size(); ++k)
      if (count[k] == 0 && losses[k] > losses[d]) d = k;
    return d;
  }

  void split(size_t s, size_t d) {
    const size_t k = count.size();
    if (k == 2) near2 = {{0, sum_of(count) / 2}, {sum_of(count) / 2, 0}};
    remove(d);
    count[s] = count[d] = count[s] / 2;
    const double own = sum_of(near2[s]);
    near2[s] = near2[d] = Row(k, 0);
    for (size_t i = 0; i < k; ++i) near2[i][s] = near2[i][d] = near2[i][s] / 2;
    near2[s] = near2[d] = Row(k, 0);
    near2[s][d] = near2[d][s] = own / 2;
    losses[d] = losses[s];
  }

  void remove(size_t d) {
    const size_t k = count.size();
    const double given = sum_of(near2[d]);
    if (given > 0) {
      Table shares;
      for (const Row& row : near2) shares.push_back(proportional(row));
      near2[d][d] = 0;
      Row w = proportional(near2[d]);
      if (sum_of(near2[d]) == 0)
        for (size_t i = 0; i < k; ++i) w[i] = i == d ? 0 : 1.0 / static_cast<double>(k - 1);
      const double images = count[d];
      for (size_t i = 0; i < k; ++i) count[i] += images * w[i];
      count[d] = 0;
      for (size_t i = 0; i < k; ++i)
        for (size_t j = 0; j < k; ++j) near2[i][j] += given * w[i] * shares[i][j];
      for (size_t i = 0; i < k; ++i) {
        const double once = near2[i][d];
        for (size_t j = 0; j < k; ++j) near2[i][j] += once * w[j];
      }
      for (size_t i = 0; i < k; ++i) near2[i][d] = 0;
      near2[d] = Row(k, 0);
    } else {
      Row column(k);
      for (size_t i = 0; i < k; ++i) column[i] = near2[i][d], near2[i][d] = 0;
      for (size_t i = 0; i < k; ++i) {
        const Row shares = proportional(near2[i]);
        for (size_t j = 0; j < k; ++j) near2[i][j] += column[i] * shares[j];
      }
    }
  }
};

Tensor tensor_of(const Row& row) {
  return torch::tensor(row, torch::kFloat64);
}

Tensor tensor_of(const Table& table) {
  std::vector<Tensor> rows;
  for (const Row& row : table) rows.push_back(tensor_of(row));
  return at::stack(rows);
}

Rivals rivals_with(const Table& near2, const Row& losses = {}) {
  Rivals rivals = even_rivals(at::zeros({static_cast<int64_t>(near2.size())}, torch::kFloat64));
  rivals.near2 = tensor_of(near2);
  if (!losses.empty()) rivals.losses = tensor_of(losses);
  return rivals;
}

// A layer with these counts, split once at the most; returns the splits.
std::vector<Split> split_once(Layer& layer, const Row& counts, Rivals& rivals) {
  layer->counts.copy_(tensor_of(counts));
  return split_and_prune(layer, SplitOptions(), nullptr, nullptr, &rivals);
}

TEST(Rivals, ThePrunedNodesImagesGoWhereTheyWereSecond) {
  // Golden: reference section 2.2, K = 4, both cases.
  Layer layer(LayerOptions{8, 1, 4, true, true});
  Rivals rivals = rivals_with({{0, 5, 3, 2}, {2, 0, 1, 1}, {3, 2, 0, 0}, {0, 1, 0, 0}});
  auto splits = split_once(layer, {10, 4, 5, 1}, rivals);
  ASSERT_EQ(splits.size(), 1u);
  EXPECT_EQ(splits[0].split, 0);
  EXPECT_EQ(splits[0].prune, 3);
  EXPECT_TRUE(torch::equal(layer->counts, tensor_of(Row{5, 5, 5, 5})));
  EXPECT_TRUE(torch::allclose(
      rivals.near2, tensor_of(Table{{0, 0, 0, 5}, {1.25, 1.25, 1.25, 1.25}, {1.5, 2, 0, 1.5}, {5, 0, 0, 0}}),
      1e-12, 1e-12));

  rivals = rivals_with({{0, 5, 3, 2}, {2, 0, 1, 2}, {3, 2, 0, 0}, {0, 0, 0, 0}});
  splits = split_once(layer, {10, 5, 5, 0}, rivals);
  ASSERT_EQ(splits.size(), 1u);
  EXPECT_EQ(splits[0].prune, 3);
  EXPECT_TRUE(torch::equal(layer->counts, tensor_of(Row{5, 5, 5, 5})));
  EXPECT_TRUE(torch::allclose(
      rivals.near2,
      tensor_of(Table{{0, 0, 0, 5}, {5.0 / 3, 0, 5.0 / 3, 5.0 / 3}, {1.5, 2, 0, 1.5}, {5, 0, 0, 0}}), 1e-12,
      1e-12));
}

TEST(Rivals, TwoNodesBeginAnewWithHalfOfTheImagesEach) {
  Layer layer(LayerOptions{8, 1, 2, true, true});
  Rivals rivals = rivals_with({{0, 9}, {1, 0}}, {3, 7});
  ASSERT_EQ(split_once(layer, {9, 1}, rivals).size(), 1u);
  EXPECT_TRUE(torch::equal(layer->counts, tensor_of(Row{5, 5})));
  EXPECT_TRUE(torch::equal(rivals.near2, tensor_of(Table{{0, 5}, {5, 0}})));
  EXPECT_TRUE(torch::equal(rivals.losses, tensor_of(Row{3, 3})));
}

TEST(Rivals, OfNodesThatWereNeverNearestTheWorstIsPruned) {
  Layer layer(LayerOptions{8, 1, 4, true, true});
  Rivals rivals = rivals_with({{0, 9, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}}, {1, 5, 8, 8});
  const auto splits = split_once(layer, {9, 0, 0, 0}, rivals);
  ASSERT_EQ(splits.size(), 1u);
  EXPECT_EQ(splits[0].prune, 2);
  EXPECT_EQ(rivals.losses[2].item<double>(), 1);
}

// Distances of a batch to nodes that are not equally good: some are hardly ever nearest.
Tensor some_distances(Random& random, int64_t rows, int64_t nodes) {
  const Tensor distance = at::empty({rows, nodes});
  for (int64_t i = 0; i < rows * nodes; ++i)
    distance.data_ptr<float>()[i] =
        static_cast<float>(random.uniform(0, 1) + 0.7 * static_cast<double>(i % nodes) / nodes);
  return distance;
}

// Each node once before each other one.
Tensor primed_distances(int64_t nodes) {
  std::vector<Tensor> rows;
  for (int64_t i = 0; i < nodes; ++i)
    for (int64_t j = 0; j < nodes; ++j) {
      if (i == j) continue;
      Tensor row = at::ones({nodes});
      row[i] = 0.1, row[j] = 0.2;
      rows.push_back(row);
    }
  return at::stack(rows);
}

void expect_alike(const Rivals& rivals, const Tensor& counts, const PlainCounts& plain) {
  EXPECT_TRUE(torch::allclose(counts, tensor_of(plain.count), 1e-9, 1e-9));
  EXPECT_TRUE(torch::allclose(rivals.near2, tensor_of(plain.near2), 1e-9, 1e-9));
  EXPECT_TRUE(torch::allclose(rivals.losses, tensor_of(plain.losses), 1e-9, 1e-9));
}

TEST(Rivals, FollowThePlainBookkeepingOverRandomSequencesAndLoseNoImage) {
  Random random(5);
  int64_t all_splits = 0;
  for (int trial = 0; trial < 40; ++trial) {
    const int64_t nodes = 2 + static_cast<int64_t>(random.below(11)), rows = 1 + random.below(9);
    Layer layer(LayerOptions{8, 1, nodes, true, true});
    Rivals rivals = even_rivals(layer->counts);
    PlainCounts plain(static_cast<size_t>(nodes));
    // In half of the sequences every node is nearest, and second, at first.
    const bool primed = trial % 2 == 0;
    int64_t images = 0;
    for (int64_t step = 1; step <= 30; ++step) {
      const Tensor distance =
          primed && step == 1 ? primed_distances(nodes) : some_distances(random, rows, nodes);
      const Tensor nearest = distance.argmin(1);
      images += distance.size(0);
      const Seconds seconds = seconds_of(distance, nearest);
      const Tensor times = times_nearest(nearest, nodes);
      record(layer, times, 0);
      record(rivals, times, seconds.losses, {}, nearest, seconds.second, 0);
      plain.add(distance, nearest, seconds.second);
      const auto wanted = wanted_split(plain.count, "exact");
      const auto splits = split_and_prune(layer, SplitOptions(), nullptr, nullptr, &rivals);
      ASSERT_EQ(splits.size(), wanted ? 1u : 0u);
      if (wanted) {
        const size_t d = plain.pruned();
        EXPECT_EQ(splits[0].split, wanted->split);
        EXPECT_EQ(splits[0].prune, static_cast<int64_t>(d));
        plain.split(static_cast<size_t>(wanted->split), d);
        ++all_splits;
      }
      expect_alike(rivals, layer->counts, plain);
      // The formulas let a row of zeros stay so, which loses what it should take of another.
      const double whole = static_cast<double>(images), slack = 1e-9 * whole;
      EXPECT_LE(rivals.near2.sum().item<double>(), whole + slack);
      EXPECT_LE(layer->counts.sum().item<double>(), whole + slack);
      if (!primed) continue;
      EXPECT_NEAR(rivals.near2.sum().item<double>(), whole, slack);
      EXPECT_NEAR(layer->counts.sum().item<double>(), whole, slack);
    }
  }
  EXPECT_GT(all_splits, 200);
}

TEST(Rivals, TheSecondIsTheNearestOfTheOthersWhereverItIsComputed) {
  Random random(3);
  for (const int64_t nodes : {2, 3, 17, 256}) {
    Tensor distance = some_distances(random, 9, nodes);
    distance[4].fill_(0.5);  // ties go to the lower index
    distance[5].fill_(std::nan(""));
    const Tensor nearest = distance.argmin(1);
    const Seconds here = seconds_of(distance, nearest);
    EXPECT_EQ(nearest[4].item<int64_t>(), 0);
    EXPECT_EQ(here.second[4].item<int64_t>(), 1);
    EXPECT_NE(here.second[5].item<int64_t>(), nearest[5].item<int64_t>());
    distance[5].fill_(0.25);
    const Tensor first = distance.argmin(1);
    const Seconds plain = seconds_of(distance.to(torch::kFloat64), first);
    const Seconds loop = seconds_of(distance, first);
    EXPECT_TRUE(torch::equal(loop.second, plain.second));
    EXPECT_TRUE(torch::allclose(loop.losses, plain.losses, 1e-9, 1e-9));
    EXPECT_TRUE(torch::equal(pairs_of(first, loop.second, nodes).sum(1), times_nearest(first, nodes)));
  }
}

TEST(Rivals, FadeWithTheCounts) {
  Layer layer(LayerOptions{8, 1, 5, true, true}), paired(LayerOptions{8, 1, 5, true, true});
  Rivals rivals = even_rivals(layer->counts), summed = even_rivals(layer->counts);
  PlainCounts plain(5);
  Random random(4);
  SplitOptions options;
  options.most = 2;
  bool renewed = false;
  for (int step = 0; step < 60; ++step) {
    const Tensor distance = some_distances(random, 6, 5), nearest = distance.argmin(1);
    const Seconds seconds = seconds_of(distance, nearest);
    const Tensor times = times_nearest(nearest, 5);
    const double before = rivals.unit.item<double>();
    record(layer, times, 11);
    record(rivals, times, seconds.losses, {}, nearest, seconds.second, 11);
    record(paired, times, 11);
    record(summed, times, seconds.losses, pairs_of(nearest, seconds.second, 5), {}, {}, 11);
    renewed = renewed || rivals.unit.item<double>() < before;
    plain.fade(std::exp2(-6.0 / 11));
    plain.add(distance, nearest, seconds.second);
    const auto splits = split_and_prune(layer, options, nullptr, nullptr, &rivals);
    split_and_prune(paired, options, nullptr, nullptr, &summed);
    for (const Split& split : splits)
      plain.split(static_cast<size_t>(split.split), static_cast<size_t>(split.prune));
    const Rivals now = {rivals.near2 / rivals.unit, rivals.losses / rivals.unit, rivals.unit};
    expect_alike(now, layer->counts, plain);
    EXPECT_TRUE(torch::allclose(rivals.near2, summed.near2, 1e-9, 1e-9));
  }
  EXPECT_TRUE(renewed);
}

TEST(Rivals, OfCountsAloneAreEven) {
  const Rivals rivals = even_rivals(tensor_of(Row{6, 0, 3}));
  EXPECT_TRUE(torch::equal(rivals.near2, tensor_of(Table{{0, 3, 3}, {0, 0, 0}, {1.5, 1.5, 0}})));
  EXPECT_EQ(rivals.unit.item<double>(), 1);
}

TEST(Rivals, OnTheDeviceTheyAreTheSameAndTheHostReadsNothing) {
  Random random(6);
  double all = 0;
  for (int trial = 0; trial < 60; ++trial) {
    const int64_t nodes = 2 + static_cast<int64_t>(random.below(9));
    SplitOptions options;
    options.most = 1 + trial % 3;
    Row counts, losses;
    Table near2(static_cast<size_t>(nodes), Row(static_cast<size_t>(nodes), 0));
    for (int64_t i = 0; i < nodes; ++i) {
      for (int64_t j = 0; j < nodes; ++j)
        if (i != j && trial > 0) near2[i][j] = random.below(3) ? 0 : std::pow(random.below(9), 1 + i % 3);
      counts.push_back(sum_of(near2[i]));
      losses.push_back(random.uniform(1, 2));
    }
    std::vector<Rivals> results;
    std::vector<Tensor> after;
    std::vector<double> splits;
    for (const bool there : {false, true}) {
      Layer layer(LayerOptions{8, 3, nodes, true, true});
      layer->counts.copy_(tensor_of(counts));
      Rivals rivals = rivals_with(near2, losses);
      if (there) {
        const HostReads reads;
        const Tensor made = split_and_prune_there(layer, options, nullptr, nullptr, &rivals);
        EXPECT_EQ(reads.seen(), 0);
        splits.push_back(made.item<double>());
      } else {
        splits.push_back(
            static_cast<double>(split_and_prune(layer, options, nullptr, nullptr, &rivals).size()));
      }
      results.push_back(rivals);
      after.push_back(layer->counts);
    }
    EXPECT_EQ(splits[0], splits[1]) << trial;
    EXPECT_TRUE(torch::allclose(after[0], after[1], 1e-9, 1e-9)) << trial;
    EXPECT_TRUE(torch::allclose(results[0].near2, results[1].near2, 1e-9, 1e-9)) << trial;
    EXPECT_TRUE(torch::allclose(results[0].losses, results[1].losses, 1e-9, 1e-9)) << trial;
    all += splits[0];
  }
  EXPECT_GT(all, 40);
}

}  // namespace
}  // namespace steer
