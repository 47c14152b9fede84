#include "steer/core/state.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "steer/core/check.h"
#include "steer/core/space.h"

namespace steer {
namespace {

// Three samples with every member, told by their own numbers.
State numbered_state() {
  State state(torch::arange(6, torch::kFloat32).view({3, 2}));
  state.token = torch::arange(12).view({3, 4});
  state.mask = torch::tensor({1, 0, 1}).to(torch::kBool).view({3, 1});
  return state;
}

TEST(State, RowsAndPartsTakeEveryMember) {
  const State state = numbered_state(), rows = state.rows(torch::tensor({2, 0}));
  EXPECT_EQ(rows.size(), 2);
  EXPECT_TRUE(torch::equal(rows.x, torch::tensor({{4.f, 5.f}, {0.f, 1.f}})));
  EXPECT_TRUE(torch::equal(rows.token[0], torch::tensor({8, 9, 10, 11})));
  EXPECT_TRUE(torch::equal(state.narrow(1, 2).mask, state.mask.narrow(0, 1, 2)));
}

TEST(State, JoinsWhatItWasCutInto) {
  const State state = numbered_state(), whole = concatenated({state.narrow(0, 1), state.narrow(1, 2)});
  EXPECT_TRUE(torch::equal(whole.x, state.x) && torch::equal(whole.token, state.token));
  EXPECT_TRUE(torch::equal(whole.mask, state.mask));
  EXPECT_THROW(concatenated({state, State(state.x)}), Error);
  EXPECT_FALSE(concatenated({}).defined());
}

TEST(State, WhatIsNotDefinedStaysSo) {
  const State only(torch::zeros({2, 3}));
  EXPECT_FALSE(only.rows(torch::tensor({0})).token.defined());
  EXPECT_EQ(State().size(), 0);
  const Told told{torch::tensor({4, 5}), {}};
  EXPECT_EQ(told.narrow(1, 1).label.item<int64_t>(), 5);
  EXPECT_FALSE(told.rows(torch::tensor({1})).given.defined());
}

TEST(Space, MapsAndSamplesHoldTheSameNumbers) {
  Space plane;
  plane.kind = "points", plane.sizes = {2};
  const Tensor x = torch::rand({5, 2});
  EXPECT_EQ(as_maps(plane, x).sizes(), (std::vector<int64_t>{5, 2, 1, 1}));
  EXPECT_TRUE(torch::equal(from_maps(plane, as_maps(plane, x)), x));
  EXPECT_EQ(text_of(plane), "points 2");
  EXPECT_EQ(values_of(plane), 2);
  plane.sizes = {3, 2};
  const Tensor rows = torch::rand({5, 3, 2});
  EXPECT_EQ(as_maps(plane, rows).sizes(), (std::vector<int64_t>{5, 6, 1, 1}));
  EXPECT_TRUE(torch::equal(from_maps(plane, as_maps(plane, rows)), rows));
  plane.sizes = {1, 2, 3, 4};
  EXPECT_THROW(map_sizes(plane), Error);
}

TEST(Space, KeepsNumbersInsideItsLimit) {
  Space space;
  space.sizes = {1}, space.limit = 2;
  EXPECT_TRUE(torch::equal(within(space, torch::tensor({-3.f, 1.f})), torch::tensor({-2.f, 1.f})));
  space.limit = 0;
  EXPECT_EQ(within(space, torch::tensor({-3.f})).item<float>(), -3);
}

}  // namespace
}  // namespace steer
