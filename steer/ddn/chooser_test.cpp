#include "steer/ddn/chooser.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/ddn/small_networks.h"

namespace steer {
namespace {

Candidates some_candidates(int64_t rows = 4, int64_t count = 6) {
  torch::manual_seed(31);
  return Candidates(torch::randn({rows, 8, 4, 4}), torch::randn({count, 1, 4}),
                    torch::randn({rows, 1, 4, 4}));
}

TEST(Chooser, NearestTakesTheSmallestDistanceToTheAreaAverage) {
  const Candidates candidates = some_candidates();
  const Tensor x = torch::randn({4, 1, 16, 16});
  const Choice choice = nearest_to(x)(candidates, 0);
  const Tensor target = area_resize(x, 4, 4).unsqueeze(1);
  EXPECT_TRUE(torch::equal(choice.index, (candidates.images() - target).square().mean({2, 3, 4}).argmin(1)));
  EXPECT_TRUE(torch::equal(choice.index, choice.nearest));
  EXPECT_THROW(nearest_to(x.narrow(0, 0, 2))(candidates, 0), Error);
}

TEST(Chooser, CoarseDistancesCountMeansOverSquares) {
  torch::manual_seed(32);
  const Candidates candidates(torch::randn({40, 8, 8, 8}), torch::randn({6, 3, 4}),
                              torch::randn({40, 3, 8, 8}));
  const Tensor x = torch::randn({40, 3, 16, 16}), target = area_resize(x, 8, 8).unsqueeze(1);
  const Tensor off = candidates.images() - target;
  const Tensor means = off.view({40, 6, 3, 2, 4, 2, 4}).mean({4, 6});
  const Tensor fine = off.square().sum({2, 3, 4}), coarse = means.square().sum({2, 3, 4});
  const auto chosen = [&](double weight) { return nearest_to(x, {{}, 0, weight})(candidates, 0).index; };
  EXPECT_TRUE(torch::equal(chosen(0), fine.argmin(1)));
  EXPECT_TRUE(torch::equal(chosen(5), (fine + 80 * coarse).argmin(1)));
  EXPECT_FALSE(torch::equal(chosen(5), chosen(0)));
  const Candidates small(torch::randn({40, 8, 2, 2}), torch::randn({6, 3, 4}), {});
  EXPECT_TRUE(torch::equal(nearest_to(x, {{}, 0, 0.5})(small, 0).index, nearest_to(x)(small, 0).index));
}

TEST(Chooser, FollowReadsItsColumnAndRefusesForeignCodes) {
  const Candidates candidates = some_candidates();
  const Tensor code = torch::tensor({{0, 5}, {1, 4}, {2, 3}, {3, 2}}, torch::kInt64);
  EXPECT_TRUE(torch::equal(follow(code)(candidates, 1).index, code.select(1, 1)));
  EXPECT_THROW(follow(code)(candidates, 2), Error);
  EXPECT_THROW(follow(code + 4)(candidates, 0), Error);
  EXPECT_THROW(follow(code.to(torch::kFloat32)), Error);
}

TEST(Chooser, RandomChoicesAreUniformAndBelongToTheirSeeds) {
  const int64_t rows = 6000;
  const Candidates candidates(torch::randn({rows, 8, 1, 1}), torch::randn({6, 1, 4}), {});
  const Tensor index = at_random(sample_seeds(7, rows))(candidates, 3).index;
  const Tensor counts = at::bincount(index, {}, 6);
  EXPECT_NEAR(counts.min().item<double>(), 1000, 130);
  EXPECT_NEAR(counts.max().item<double>(), 1000, 130);
  const Candidates few(torch::randn({10, 8, 1, 1}), torch::randn({6, 1, 4}), {});
  EXPECT_TRUE(torch::equal(at_random(sample_seeds(107, 10))(few, 3).index, index.narrow(0, 100, 10)));
}

TEST(Chooser, ChainDropoutReplacesItsShareOfRowsAndKeepsTheNearest) {
  const int64_t rows = 8000, count = 50;
  const Candidates candidates(torch::randn({rows, 8, 1, 1}), torch::randn({count, 1, 4}), {});
  const Chooser nearest = nearest_to(torch::randn({rows, 1, 1, 1}));
  const Choice choice = with_chain_dropout(nearest, 0.3, sample_seeds(3, rows))(candidates, 0);
  EXPECT_TRUE(torch::equal(choice.nearest, nearest(candidates, 0).index));
  const double changed = (choice.index != choice.nearest).to(torch::kFloat64).mean().item<double>();
  EXPECT_NEAR(changed, 0.3 * (count - 1) / count, 0.02);
}

TEST(Chooser, SwitchContinuesAPrefix) {
  const auto network = small_pyramid();
  const Generated random = network->run(3, at_random(sample_seeds(1, 3)));
  const Generated mixed = network->run(3, switch_at(4, follow(random.code), at_random(sample_seeds(50, 3))));
  EXPECT_TRUE(torch::equal(mixed.code.narrow(1, 0, 4), random.code.narrow(1, 0, 4)));
  EXPECT_FALSE(torch::equal(mixed.code, random.code));
}

TEST(Chooser, WithinLevelsOthersDrawAtRandom) {
  torch::NoGradGuard no_grad;
  const auto network = small_pyramid();
  const Tensor seeds = sample_seeds(3, 5), x = some_images(*network, 5);
  const Tensor random = network->run(5, at_random(seeds)).code;
  const Tensor mixed = network->run(5, within_levels(nearest_to(x), 2, 3, seeds)).code;
  EXPECT_TRUE(torch::equal(mixed.narrow(1, 0, 2), random.narrow(1, 0, 2)));
  EXPECT_TRUE(torch::equal(mixed.narrow(1, 4, 2), random.narrow(1, 4, 2)));
  const Tensor nearest = network->run(5, switch_at(2, follow(random.narrow(1, 0, 2)), nearest_to(x))).code;
  EXPECT_TRUE(torch::equal(mixed.narrow(1, 2, 2), nearest.narrow(1, 2, 2)));
  // What a prior says for certain is drawn there.
  const Scorer second = [](const Candidates& candidates) {
    Tensor log_p = at::full({candidates.rows(), candidates.count()}, -50.0);
    log_p.select(1, 1).fill_(0);
    return log_p;
  };
  const Tensor drawn = network->run(5, within_levels(nearest_to(x), 2, 3, seeds, second)).code;
  for (const int64_t layer : {0, 1, 4, 5}) EXPECT_TRUE(drawn.select(1, layer).eq(1).all().item<bool>());
  EXPECT_THROW(within_levels(nearest_to(x), 3, 2, seeds), Error);
}

}  // namespace
}  // namespace steer
