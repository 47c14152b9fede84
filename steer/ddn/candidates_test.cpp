#include "steer/ddn/candidates.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/core/tensors.h"

namespace steer {
namespace {

struct Case {
  int64_t batch, inner, channels, height, width, candidates;
  bool leak, base;
};

// Even and awkward sizes: single pixels, widths that are no multiple of a vector, one candidate.
const std::vector<Case> kCases = {{3, 16, 1, 8, 8, 12, true, true},  {2, 24, 3, 5, 7, 40, true, false},
                                  {1, 2, 1, 1, 1, 1, true, true},    {4, 13, 2, 3, 1, 5, false, true},
                                  {2, 48, 3, 6, 6, 64, false, true}, {5, 64, 3, 4, 4, 33, true, true}};

struct World {
  Tensor features, weight, base, target;
  Candidates candidates() const { return Candidates(features, weight, base); }
};

World world_of(const Case& c, torch::ScalarType type = torch::kFloat32) {
  torch::manual_seed(21);
  World world;
  world.features = torch::randn({c.batch, c.leak ? 2 * c.inner : c.inner, c.height, c.width})
                       .to(type)
                       .contiguous(at::MemoryFormat::ChannelsLast);
  world.weight = torch::randn({c.candidates, c.channels, c.inner}) / std::sqrt(static_cast<double>(c.inner));
  if (c.base) world.base = torch::randn({c.batch, c.channels, c.height, c.width});
  world.target = torch::randn({c.batch, c.channels, c.height, c.width});
  return world;
}

TEST(Candidates, ImagesAreTheNodesAppliedToTheFirstHalf) {
  const World world = world_of(kCases[0]);
  const Tensor images = world.candidates().images();
  const Tensor by_conv = at::conv2d(world.features.narrow(1, 0, 16), world.weight.view({12, 16, 1, 1}));
  EXPECT_TRUE(torch::allclose(images, by_conv.view({3, 12, 1, 8, 8}) + world.base.unsqueeze(1), 1e-4, 1e-5));
}

TEST(Candidates, EveryWayToTheDistanceAgrees) {
  for (const Case& c : kCases) {
    const World world = world_of(c);
    const Candidates candidates = world.candidates();
    const Tensor direct = (candidates.images() - world.target.unsqueeze(1)).square().sum({2, 3, 4});
    for (const Tensor& distance :
         {candidates.distance_to(world.target), candidates.distance_by_images(world.target),
          candidates.distance_by_gram(world.target), candidates.distance_by_gram_plain(world.target)}) {
      EXPECT_TRUE(torch::allclose(distance, direct, 1e-4, 1e-4)) << "inner " << c.inner;
      EXPECT_TRUE(torch::equal(distance.argmin(1), direct.argmin(1)));
    }
  }
}

TEST(Candidates, PixelWeightsCountAsTheySay) {
  for (const Case& c : kCases) {
    const World world = world_of(c);
    const Candidates candidates = world.candidates();
    const Tensor weight = torch::rand({c.batch, 1, c.height, c.width});
    const Tensor direct =
        ((candidates.images() - world.target.unsqueeze(1)).square() * weight.unsqueeze(1)).sum({2, 3, 4});
    EXPECT_TRUE(torch::allclose(candidates.distance_by_images(world.target, weight), direct, 1e-4, 1e-4));
    EXPECT_TRUE(torch::allclose(candidates.distance_by_gram(world.target, weight), direct, 1e-4, 1e-4));
    EXPECT_TRUE(torch::allclose(candidates.distance_by_gram_plain(world.target, weight), direct, 1e-4, 1e-4));
  }
}

TEST(Candidates, NearlyConvergedDistancesPickTheNearest) {
  // Distances of about 1e-6 beside a |r|^2 of about 1: the identity alone would lose them.
  Case c = {8, 16, 1, 16, 16, 64, true, true};
  World world = world_of(c);
  world.weight *= 1e-4;
  world.target = world.base + 1e-4 * torch::randn_like(world.base);
  const Candidates candidates = world.candidates();
  const Tensor exact =
      (candidates.images().to(torch::kFloat64) - world.target.unsqueeze(1)).square().sum({2, 3, 4});
  EXPECT_TRUE(torch::equal(candidates.distance_by_gram(world.target).argmin(1), exact.argmin(1)));
}

TEST(Candidates, FreshClonesTieTowardTheLowerIndex) {
  const Case c = {16, 16, 1, 16, 16, 37, true, true};
  World world = world_of(c);
  const Candidates before = world.candidates();
  const Tensor winners = before.distance_by_gram(world.target).argmin(1);
  // Every winner gets a clone at the end of the list; none may win.
  const Tensor distinct = std::get<0>(at::_unique(winners));
  world.weight = at::cat({world.weight, world.weight.index_select(0, distinct)});
  for (const Tensor& distance : {world.candidates().distance_by_gram(world.target),
                                 world.candidates().distance_by_images(world.target)})
    EXPECT_TRUE(torch::equal(distance.argmin(1), winners));
}

TEST(Candidates, TheChosenAgreeWithAllImagesInBothPrecisions) {
  for (const Case& c : kCases)
    for (auto type : {torch::kFloat32, torch::kBFloat16}) {
      const World world = world_of(c, type);
      const Candidates candidates = world.candidates();
      const Tensor index = at::arange(c.batch, torch::kInt64).remainder(c.candidates);
      const Tensor expected =
          candidates.images().index_select(1, index).diagonal(0, 0, 1).permute({3, 0, 1, 2});
      const Chosen fused = candidates.at(index), plain = candidates.at_plain(index);
      EXPECT_TRUE(torch::allclose(fused.image, expected, 1e-4, 1e-4));
      EXPECT_TRUE(torch::allclose(plain.image, expected, 1e-4, 1e-4));
      EXPECT_EQ(fused.leak.defined(), c.leak);
      if (c.leak) {
        EXPECT_TRUE(torch::allclose(fused.leak, plain.leak, 1e-4, 1e-4));
      }
    }
}

TEST(Candidates, GradientsOfTheChosenMatchThePlainWayAndTouchChosenRowsAlone) {
  for (const Case& c : kCases) {
    const World world = world_of(c);
    const Tensor index = at::zeros({c.batch}, torch::kInt64).fill_(c.candidates - 1),
                 pull = torch::randn_like(world.target);
    std::vector<std::vector<Tensor>> results;
    for (bool fused : {true, false}) {
      const Tensor features = world.features.clone().requires_grad_(),
                   weight = world.weight.clone().requires_grad_();
      const Candidates candidates(features, weight, world.base);
      const Chosen chosen = fused ? candidates.at(index) : candidates.at_plain(index);
      Tensor loss = (chosen.image * pull).sum();
      if (c.leak) loss = loss + (chosen.leak * pull.flip({0})).sum();
      loss.backward();
      results.push_back({features.grad(), weight.grad()});
    }
    EXPECT_TRUE(torch::allclose(results[0][0], results[1][0], 1e-4, 1e-4));
    EXPECT_TRUE(torch::allclose(results[0][1], results[1][1], 1e-4, 1e-4));
    if (c.candidates > 1) {
      EXPECT_EQ(results[0][1].narrow(0, 0, c.candidates - 1).abs().max().item<double>(), 0);
    }
  }
}

TEST(Candidates, RowsMayMultiplyAndDie) {
  const World world = world_of(kCases[0]);
  const Candidates candidates = world.candidates();
  const Tensor index = torch::tensor({3, 3, 7, 0}, torch::kInt64),
               row = torch::tensor({2, 0, 2, 2}, torch::kInt64);
  const Tensor images = candidates.images();
  const Tensor chosen = candidates.at(index, row).image;
  for (int64_t n = 0; n < 4; ++n)
    EXPECT_TRUE(
        torch::allclose(chosen[n], images[row[n].item<int64_t>()][index[n].item<int64_t>()], 1e-4, 1e-5));
}

TEST(Candidates, SeenThroughALinearOperatorEqualsTheOperatorOnImages) {
  const Case c = {2, 24, 3, 8, 8, 10, true, true};
  const World world = world_of(c);
  const Tensor colour = torch::tensor({{0.2f, 0.5f, 0.3f}});
  const auto shrink = [](const Tensor& maps) { return area_resize(maps, 2, 4); };
  const Tensor seen = world.candidates().seen_through(colour, shrink).images();
  const Tensor mixed = at::einsum("mc,bkchw->bkmhw", {colour, world.candidates().images()});
  EXPECT_TRUE(torch::allclose(seen, shrink(mixed.flatten(0, 1)).view_as(seen), 1e-4, 1e-5));
}

TEST(Candidates, NoRowsHaveNoDistances) {
  const World world = world_of(kCases[0]);
  const Candidates none(world.features.narrow(0, 0, 0).contiguous(at::MemoryFormat::ChannelsLast),
                        world.weight, {});
  const Tensor target = world.target.narrow(0, 0, 1);
  EXPECT_EQ(none.distance_by_gram(target).sizes(), at::IntArrayRef({0, 12}));
  EXPECT_EQ(none.distance_by_images(target).sizes(), at::IntArrayRef({0, 12}));
}

TEST(Candidates, DistancesDoNotDependOnTheThreads) {
  const World world = world_of(kCases[4]);
  const Candidates candidates = world.candidates();
  const int threads = at::get_num_threads();
  const Tensor by_gram = candidates.distance_by_gram(world.target),
               by_images = candidates.distance_by_images(world.target);
  at::set_num_threads(3);
  EXPECT_TRUE(torch::equal(candidates.distance_by_gram(world.target), by_gram));
  EXPECT_TRUE(torch::equal(candidates.distance_by_images(world.target), by_images));
  at::set_num_threads(threads);
}

TEST(Candidates, WrongShapesAreRefused) {
  const World world = world_of(kCases[0]);
  EXPECT_THROW(Candidates(world.features, torch::randn({4, 1, 15}), world.base), Error);
  EXPECT_THROW(world.candidates().distance_to(torch::zeros({3, 1, 4, 4})), Error);
  EXPECT_THROW(world.candidates().at(torch::zeros({2}, torch::kInt64)), Error);
}

}  // namespace
}  // namespace steer
