#include "steer/guidance/best_by.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/random.h"
#include "steer/core/tensors.h"
#include "steer/ddn/chooser.h"
#include "steer/ddn/small_networks.h"
#include "steer/guidance/shortlist.h"
#include "steer/image/image_space.h"
#include "steer/image/linear.h"
#include "steer/modalities/objectives.h"

namespace steer {
namespace {

constexpr int64_t kSize = 8;

Tensor random_truth(int64_t count, int64_t channels) {
  torch::manual_seed(51);
  return torch::rand({count, channels, kSize, kSize}) * 2 - 1;
}

std::unique_ptr<Objective> objective_of(const std::string& words, const Tensor& truth) {
  ObjectiveContext context;
  context.space = image_space(truth.size(1), kSize, kSize);
  context.truth = truth;
  return make_objective(words, context);
}

// An objective that shows the score of another and hides that it is linear.
struct Opaque : Objective {
  explicit Opaque(const Objective& inner) : inner(inner) {}
  Tensor score(const State& sample) const override {
    const Tensor& x = sample.x;
    return inner.score(x);
  }
  bool differentiable() const override { return false; }
  std::string words() const override { return "opaque"; }
  const Objective& inner;
};

Candidates candidates_of(int64_t rows, int64_t channels, int64_t size) {
  torch::manual_seed(52);
  const Tensor features = torch::randn({rows, 48, size, size}).contiguous(at::MemoryFormat::ChannelsLast);
  return Candidates(features, torch::randn({20, channels, 24}) / 5,
                    torch::randn({rows, channels, size, size}) / 2);
}

const char* const kWords[] = {"inpaint(mask=left)",
                              "inpaint(mask=checker)",
                              "super_resolve(factor=2)",
                              "super_resolve(factor=4)",
                              "super_resolve(factor=8)",
                              "colourise()",
                              "denoise(noise=0.5)",
                              "low_bit()",
                              "gaussian_deblur(std=1)",
                              "gaussian(mean=0.3, std=0.5)",
                              "0.5*inpaint(mask=top) + super_resolve(factor=4)"};

TEST(BestBy, CandidatesOffTheShortlistAreNeverChosen) {
  const auto inner = objective_of("inpaint(mask=left)", random_truth(1, 3));
  const Opaque objective(*inner);
  const Candidates candidates = candidates_of(6, 3, 4);
  const Tensor liking = liking_of(objective, image_space(3, kSize, kSize), 5, 1)(candidates);
  EXPECT_TRUE(torch::equal(liking.isfinite().sum(1), torch::full({6}, 5)));
  EXPECT_TRUE(torch::equal(liking.isneginf().sum(1), torch::full({6}, 15)));
}

TEST(BestBy, TheCheapWayRanksAsFullSizeImagesDo) {
  // For each linear objective and each layer size, two targets with three rows each: scores agree up to a
  // constant for each row.
  const Tensor truth = random_truth(2, 3);
  for (const char* words : kWords) {
    const auto objective = objective_of(words, truth);
    ASSERT_FALSE(objective->linear().empty()) << words;
    for (int64_t size : {1, 2, 4, 8}) {
      const Candidates candidates = candidates_of(6, 3, size);
      const Tensor full = score_images(*objective, candidates, image_space(3, kSize, kSize));
      const Tensor cheap = score_linear(objective->linear(), candidates, image_space(3, kSize, kSize));
      const Tensor difference = cheap - full;
      const double spread = (difference - difference.mean(1, true)).abs().max().item<double>();
      EXPECT_LT(spread, 2e-4 * full.abs().max().item<double>()) << words << " at size " << size;
      EXPECT_TRUE(torch::equal(cheap.argmax(1), full.argmax(1))) << words << " at size " << size;
    }
  }
}

TEST(BestBy, ABlurGoesTheCheapWayToo) {
  const Tensor truth = random_truth(1, 3);
  Measurement m;
  m.map.blur = [](const Tensor& maps) { return at::avg_pool2d(maps, {3, 3}, {1, 1}, {1, 1}); };
  m.map.places = {kSize, kSize};
  m.y = m.map.blur(truth);
  m.scale = 3;
  const LinearObjective objective({m, truth, torch::ones({1, 1, kSize, kSize})}, "blurred");
  for (int64_t size : {2, 8}) {
    const Candidates candidates = candidates_of(2, 3, size);
    const Tensor difference = score_linear({m}, candidates, image_space(3, kSize, kSize)) -
                              score_images(objective, candidates, image_space(3, kSize, kSize));
    EXPECT_LT((difference - difference.mean(1, true)).abs().max().item<double>(), 0.05);
  }
}

TEST(BestBy, ManyImagesAreScoredInPieces) {
  const auto objective = objective_of("inpaint(mask=left)", random_truth(1, 1));
  torch::manual_seed(53);
  const Candidates candidates(torch::randn({50, 8, 2, 2}), torch::randn({100, 1, 4}), {});
  const Tensor whole =
      objective->score(area_resize(candidates.images().flatten(0, 1), kSize, kSize)).view({50, 100});
  EXPECT_TRUE(
      torch::allclose(score_images(*objective, candidates, image_space(3, kSize, kSize)), whole, 1e-5, 1e-3));
}

TEST(BestBy, TopOneIsTheBestAndTopNDrawsEvenlyAmongTheBest) {
  const Tensor truth = random_truth(1, 1);
  const auto objective = objective_of("inpaint(mask=left)", truth);
  torch::manual_seed(54);
  const Tensor row = torch::randn({1, 8, 8, 8});
  const Candidates candidates(row.expand({3000, 8, 8, 8}).contiguous(at::MemoryFormat::ChannelsLast),
                              torch::randn({30, 1, 4}), {});
  const Tensor score = score_linear(objective->linear(), candidates, image_space(3, kSize, kSize))[0];
  const Tensor best = std::get<1>(score.topk(3));
  const Tensor seeds = sample_seeds(0, 3000);
  const Tensor one = best_by(*objective, seeds, image_space(3, kSize, kSize), {1})(candidates, 0).index;
  EXPECT_TRUE((one == best[0]).all().item<bool>());
  const Tensor counts = at::bincount(
      best_by(*objective, seeds, image_space(3, kSize, kSize), {3})(candidates, 0).index, {}, 30);
  EXPECT_EQ(counts.sum().item<int64_t>(), 3000);
  for (int64_t i = 0; i < 3; ++i) EXPECT_NEAR(counts[best[i]].item<double>(), 1000, 120);
}

TEST(BestBy, GuidedSamplesFitTheirObjectiveBetterThanRandomOnes) {
  torch::NoGradGuard no_grad;
  const auto network = small_pyramid(3, 32);
  const Tensor truth = random_truth(4, 3);
  const Tensor seeds = sample_seeds(9, 8);
  for (const char* words : kWords) {
    const auto objective = objective_of(words, truth);
    const double random = objective->score(network->run(8, at_random(seeds)).image).mean().item<double>();
    const double guided =
        objective->score(network->run(8, best_by(*objective, seeds, image_space(3, kSize, kSize), {2})).image)
            .mean()
            .item<double>();
    EXPECT_GT(guided, random) << words;
  }
}

TEST(BestBy, AnObjectiveThatLooksAtPixelsGivesTheSameSamplesAsItsLinearTwin) {
  torch::NoGradGuard no_grad;
  const auto network = small_pyramid(3, 32);
  const auto linear = objective_of("super_resolve(factor=2)", random_truth(2, 3));
  const Opaque opaque(*linear);
  const Tensor seeds = sample_seeds(2, 4);
  const Generated a = network->run(4, best_by(*linear, seeds, image_space(3, kSize, kSize), {2}));
  const Generated b = network->run(4, best_by(opaque, seeds, image_space(3, kSize, kSize), {2}));
  EXPECT_TRUE(torch::equal(a.code, b.code));
}

TEST(BestBy, ABeamLikesItsResultAtLeastAsMuchAsGreedyChoiceAndListsItsBestFirst) {
  torch::NoGradGuard no_grad;
  const auto network = small_pyramid(3, 32);
  const auto objective = objective_of("super_resolve(factor=2)", random_truth(2, 3));
  const Scorer liking = liking_of(*objective, image_space(3, kSize, kSize));
  const Generated greedy =
      network->run(2, best_by(*objective, sample_seeds(0, 2), image_space(3, kSize, kSize), {1}));
  const Generated beam = network->run(2, beam_search(liking, {2, 16, 3, network->depth()}));
  ASSERT_EQ(beam.image.size(0), 6);
  const Tensor score = objective->score(beam.image).view({2, 3});
  EXPECT_TRUE((score.select(1, 0) >= score.select(1, 2)).all().item<bool>());
  EXPECT_GE(score.select(1, 0).mean().item<float>(),
            objective->score(greedy.image).mean().item<float>() - 1e-3);
}

TEST(BestBy, ATopBelowOneIsAShare) {
  EXPECT_EQ(top_count(0.1, 256), 26);
  EXPECT_EQ(top_count(0.001, 256), 1);
  EXPECT_EQ(top_count(2, 256), 2);
  EXPECT_EQ(top_count(500, 256), 256);
}

// Counts the images that it is shown.
struct Counting : Opaque {
  using Opaque::Opaque;
  Tensor score(const State& sample) const override {
    const Tensor& x = sample.x;
    seen += x.size(0);
    return inner.score(x);
  }
  mutable int64_t seen = 0;
};

TEST(BestBy, AShortlistIsAllThatAnExpensiveObjectiveSees) {
  const auto linear = objective_of("super_resolve(factor=2)", random_truth(2, 3));
  const Counting counting(*linear);
  const Candidates candidates = candidates_of(4, 3, 8);
  const Tensor full = score_images(*linear, candidates, image_space(3, kSize, kSize));
  const Tensor some = liking_of(counting, image_space(3, kSize, kSize), 7)(candidates);
  EXPECT_EQ(counting.seen, 4 * 7);
  // The listed candidates keep their scores and stand above all others.
  const Tensor listed = spread_candidates(candidates, 7);
  EXPECT_TRUE(torch::allclose(some.gather(1, listed), full.gather(1, listed), 1e-4, 1e-2));
  const auto best = some.topk(7, 1);
  EXPECT_TRUE(torch::equal(std::get<0>(std::get<1>(best).sort(1)), std::get<0>(listed.sort(1))));
}

TEST(BestBy, ASumShortlistsByItsLinearTerms) {
  const auto linear = objective_of("super_resolve(factor=2)", random_truth(1, 3));
  std::vector<WeightedSum::Term> terms;
  terms.push_back({2.0, objective_of("super_resolve(factor=2)", random_truth(1, 3))});
  terms.push_back({1.0, std::make_unique<Opaque>(*linear)});
  const WeightedSum sum(std::move(terms));
  EXPECT_TRUE(sum.linear().empty());
  const Candidates candidates = candidates_of(2, 3, 8);
  const Tensor full = score_images(sum, candidates, image_space(3, kSize, kSize));
  const Tensor some = liking_of(sum, image_space(3, kSize, kSize), 3)(candidates);
  EXPECT_TRUE(torch::equal(some.argmax(1), full.argmax(1)));
  EXPECT_TRUE(torch::allclose(std::get<0>(some.topk(3, 1)), std::get<0>(full.topk(3, 1)), 1e-4, 1e-2));
}

TEST(BestBy, SpreadCandidatesAreDistinctAndCoverTheExtremes) {
  // One-pixel candidates 0, 1, .. 9: the first is next to the mean, the next two are the ends.
  const Candidates candidates(torch::ones({1, 1, 1, 1}), torch::arange(10, torch::kFloat32).view({10, 1, 1}),
                              {});
  const Tensor taken = spread_candidates(candidates, 10)[0];
  EXPECT_EQ(taken[0].item<int64_t>(), 4);
  EXPECT_EQ(taken[1].item<int64_t>(), 9);
  EXPECT_EQ(taken[2].item<int64_t>(), 0);
  EXPECT_TRUE(torch::equal(std::get<0>(taken.sort()), torch::arange(10)));
}

TEST(BestBy, RanksAreThoseAmongTheCandidatesOfARowOrOfAGroup) {
  const Tensor truth = random_truth(2, 3);
  const auto a = objective_of("inpaint(mask=left)", truth), b = objective_of("edges()", truth);
  const auto both = objective_of("rank(0.7*inpaint(mask=left) + 0.3*edges())", truth);
  const Candidates candidates = candidates_of(6, 3, 8);
  const Tensor score_a = score_images(*a, candidates, image_space(3, kSize, kSize));
  const Tensor score_b = score_images(*b, candidates, image_space(3, kSize, kSize));
  for (const int64_t groups : {2, 6}) {
    const Tensor ranks =
        0.7 * ranks_within(score_a.flatten(), groups) + 0.3 * ranks_within(score_b.flatten(), groups);
    EXPECT_TRUE(torch::allclose(
        score_candidates(*both, candidates, image_space(3, kSize, kSize), groups).flatten(), ranks));
  }
  // Greedy choice ranks by row, a beam by group.
  const Tensor by_row = score_candidates(*both, candidates, image_space(3, kSize, kSize), 6);
  EXPECT_TRUE(
      torch::equal(best_by(*both, sample_seeds(0, 6), image_space(3, kSize, kSize), {1})(candidates, 0).index,
                   by_row.argmax(1)));
  EXPECT_TRUE(torch::equal(liking_of(*both, image_space(3, kSize, kSize))(candidates),
                           score_candidates(*both, candidates, image_space(3, kSize, kSize), 2)));
}

TEST(BestBy, ATermThatLooksAtPixelsLeavesTheLinearTermsTheirCheapWay) {
  const Tensor truth = random_truth(2, 3);
  const auto sum = objective_of("2*inpaint(mask=left) + 5*edges()", truth);
  const Candidates candidates = candidates_of(4, 3, 8);
  const Tensor full = score_images(*sum, candidates, image_space(3, kSize, kSize));
  const Tensor difference = score_candidates(*sum, candidates, image_space(3, kSize, kSize), 4) - full;
  EXPECT_LT((difference - difference.mean(1, true)).abs().max().item<double>(),
            2e-4 * full.abs().max().item<double>());
}

TEST(BestBy, EdgesSeeSmallCandidatesWithoutTheStepsOfRepeatedPixels) {
  const auto objective = objective_of("edges()", random_truth(1, 1));
  const Candidates candidates = candidates_of(3, 1, 4);
  const Tensor smooth = at::upsample_bilinear2d(candidates.images().flatten(0, 1), {kSize, kSize}, false);
  EXPECT_TRUE(torch::allclose(score_images(*objective, candidates, image_space(3, kSize, kSize)).flatten(),
                              objective->score(smooth)));
}

TEST(BestBy, RowsThatDoNotMatchTheTargetsAreRefused) {
  const auto objective = objective_of("inpaint(mask=left)", random_truth(2, 1));
  const Candidates candidates(torch::randn({3, 8, 8, 8}), torch::randn({4, 1, 4}), {});
  EXPECT_THROW(best_by(*objective, sample_seeds(0, 3), image_space(3, kSize, kSize), {1})(candidates, 0),
               Error);
  EXPECT_THROW(best_by(*objective, sample_seeds(0, 3), image_space(3, kSize, kSize), {0}), Error);
}

}  // namespace
}  // namespace steer
