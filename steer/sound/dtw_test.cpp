#include "steer/sound/dtw.h"

#include <gtest/gtest.h>

#include "steer/core/tensors.h"
#include "steer/sound/test_signals.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

Tensor course(std::vector<float> values) {
  return torch::tensor(std::move(values)).unsqueeze(0);
}

double cost_of(const Tensor& x, const Tensor& y) {
  return warping_costs(x.unsqueeze(0), y.unsqueeze(0)).item<double>();
}

TEST(Dtw, OfACourseAndItselfIsNothing) {
  const Tensor x = congruential_noise(5, 40);
  const Warping same = warping(x, x);
  EXPECT_EQ(same.cost, 0);
  EXPECT_EQ(cost_of(x, x), 0);
  const Tensor i = at::arange(40).unsqueeze(1);
  EXPECT_TRUE(torch::equal(same.path, at::cat({i, i}, 1)));
}

TEST(Dtw, OfATriangleAndASlowerOneIsNothing) {
  const Warping w = warping(course({0, 1, 2, 1, 0}), course({0, 0, 1, 1, 2, 2, 1, 0}));
  EXPECT_EQ(w.cost, 0);
  const std::vector<int64_t> places = {0, 0, 0, 1, 1, 2, 1, 3, 2, 4, 2, 5, 3, 6, 4, 7};
  EXPECT_TRUE(torch::equal(w.path, torch::tensor(places).view({-1, 2})));
}

TEST(Dtw, OfATriangleAndALowerOneIsWhatItsTopLacks) {
  // By hand: 0 and 1 find their like; 3 pays 2 once, and 2 on either side 1 each.
  const Tensor high = course({0, 1, 2, 3, 2, 1, 0}), low = course({0, 1, 0});
  EXPECT_EQ(cost_of(high, low), 4);
  EXPECT_EQ(cost_of(low, high), 4);
  EXPECT_EQ(warping(high, low).cost, 4);
  // Places that must be passed: a point against a course costs the sum of all distances.
  EXPECT_EQ(cost_of(course({1}), course({0, 1, 3})), 3);
  // Features in the plane are as far apart as points are.
  EXPECT_EQ(cost_of(torch::tensor({{0.0f}, {0.0f}}), torch::tensor({{3.0f}, {4.0f}})), 5);
}

TEST(Dtw, HasTheCostAndPathOfLibrosa) {
  // librosa.sequence.dtw, 0.11.0, by tools/sound_goldens.py.
  const std::vector<int64_t> path = {0,  0,  1,  1,  2,  1,  3,  2,  4,  3,  5,  4,  5,  5,  6,  6,  7,  7,
                                     8,  8,  9,  9,  10, 10, 11, 11, 11, 12, 11, 13, 12, 14, 12, 15, 13, 16,
                                     14, 17, 14, 18, 14, 19, 15, 20, 16, 21, 17, 22, 18, 23, 19, 24};
  const Tensor numbers = congruential_noise(1, 135)[0];
  const Tensor x = numbers.narrow(0, 0, 60).view({3, 20}), y = numbers.narrow(0, 60, 75).view({3, 25});
  const Warping w = warping(x, y);
  EXPECT_NEAR(w.cost, 25.866766, 1e-5);
  EXPECT_EQ(cost_of(x, y), w.cost);
  EXPECT_TRUE(torch::equal(w.path, torch::tensor(path).view({-1, 2})));
}

TEST(Dtw, CostIsThatOfThePathAndNoneIsCheaper) {
  const Tensor x = congruential_noise(2, 12), y = congruential_noise(2, 19).flip(1);
  const Warping w = warping(x, y);
  const Tensor along = x.index_select(1, w.path.select(1, 0)) - y.index_select(1, w.path.select(1, 1));
  EXPECT_NEAR(along.norm(2, 0).sum().item<double>(), w.cost, 1e-5);
  const Tensor steps = w.path.narrow(0, 1, w.path.size(0) - 1) - w.path.narrow(0, 0, w.path.size(0) - 1);
  EXPECT_TRUE(((steps >= 0) & (steps <= 1)).all().item<bool>() && (steps.sum(1) >= 1).all().item<bool>());
  EXPECT_NEAR(cost_of(y, x), w.cost, 1e-9);
  EXPECT_NEAR(cost_of(x.flip(1), y.flip(1)), w.cost, 1e-9);
  EXPECT_LE(w.cost, (x - y.narrow(1, 0, 12)).norm(2, 0).sum().item<double>() +
                        (x.narrow(1, 11, 1) - y.narrow(1, 12, 7)).norm(2, 0).sum().item<double>() + 1e-5);
}

TEST(Dtw, TakesPairsByThemselves) {
  const Tensor x = congruential_noise(3, 4 * 10).view({3, 4, 10}), y = x.flip(2).narrow(2, 0, 7);
  const Tensor costs = warping_costs(x, y);
  for (int64_t n = 0; n < 3; ++n) EXPECT_EQ(costs[n].item<double>(), cost_of(x[n], y[n]));
}

TEST(Dtw, NamesWhatItCannotCompare) {
  EXPECT_EQ(refusal([] {
              warping(at::zeros({2, 3}), at::zeros({3, 3}));
            }),
            "[dtw] expected two courses [F, T] and [F, U] but got [2, 3] and [3, 3]");
  EXPECT_EQ(refusal([] {
              warping_costs(at::zeros({1, 2, 0}), at::zeros({1, 2, 3}));
            }),
            "[dtw] expected two courses [N, F, T] and [N, F, U] but got [1, 2, 0] and [1, 2, 3]");
  EXPECT_EQ(refusal([] {
              warping(at::full({1, 1}, NAN), at::zeros({1, 1}));
            }),
            "[dtw] expected finite features");
  EXPECT_EQ(refusal([] {
              warping(at::zeros({1, 1 << 17}), at::zeros({1, 1 << 17}));
            }),
            "[dtw] expected at most 4294967296 pairs of places for a path but got 131072 times 131072");
}

}  // namespace
}  // namespace steer
