#include "steer/work/drawing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/models/small_models.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

using testing::HasSubstr;

// So few steps that a test takes no time.
DrawOptions quick(int64_t count) {
  DrawOptions options;
  options.count = count;
  options.settings = {{"steps", 3}};
  return options;
}

TEST(Drawing, SamplesDoNotDependOnTheBatch) {
  const auto model = small_diffusion("edm");
  DrawOptions options = quick(5);
  const Drawn whole = draw(*model, options);
  options.batch = 2;
  const Drawn parts = draw(*model, options);
  ASSERT_EQ(whole.state.size(), 5);
  EXPECT_TRUE(torch::allclose(whole.state.x, parts.state.x, 0, 1e-5));
  EXPECT_EQ(whole.settings, parts.settings);
  EXPECT_EQ(whole.steps, 3);
  EXPECT_GT(whole.evaluations, 0);
}

TEST(Drawing, CodesDoNotDependOnTheBatch) {
  const auto model = small_ddn("pyramid");
  DrawOptions options;
  options.count = 7;
  const Drawn whole = draw(*model, options);
  options.batch = 3;
  EXPECT_TRUE(torch::equal(whole.code, draw(*model, options).code));
  EXPECT_EQ(whole.code.size(0), 7);
}

TEST(Drawing, AListOfSeedsGivesTheSamplesOfThoseSeeds) {
  const auto model = small_ddn("pyramid");
  DrawOptions options;
  options.count = 6, options.seeds = {10};
  const Drawn all = draw(*model, options);
  options.count = 3, options.seeds = {14, 10, 14};
  const Drawn some = draw(*model, options);
  EXPECT_TRUE(torch::equal(some.code, all.code.index_select(0, torch::tensor({4, 0, 4}))));
}

TEST(Drawing, APartIsToldWhatItIsToldInTheWhole) {
  const auto model = small_diffusion("edm", 5);
  DrawOptions options = quick(6);
  options.telling.label = "1,3,4";
  const Drawn whole = draw(*model, options);
  EXPECT_TRUE(torch::equal(whole.told.label, torch::tensor({1, 3, 4, 1, 3, 4})));
  options.count = 1, options.first = 4, options.seeds = {4};
  const Drawn part = draw(*model, options);
  EXPECT_EQ(part.told.label.item<int64_t>(), 3);
  EXPECT_TRUE(torch::allclose(part.state.x, whole.state.x.narrow(0, 4, 1), 0, 1e-5));
}

TEST(Drawing, AWatchSeesItToTheEndOrEndsIt) {
  const auto model = small_ddn("pyramid");
  DrawOptions options;
  options.count = 4, options.batch = 2;
  double share = -1;
  draw(*model, options, [&](const Moment& moment) {
    EXPECT_GE(moment.share, share);
    share = moment.share;
    return true;
  });
  EXPECT_EQ(share, 1);

  const Drawn ended = draw(*model, options, [](const Moment& moment) { return moment.share < 0.6; });
  EXPECT_TRUE(ended.stopped);
  EXPECT_EQ(ended.state.size(), 2);
  EXPECT_FALSE(ended.told.label.defined());
}

TEST(Drawing, WrongNumbersAreRefused) {
  const auto model = small_ddn("pyramid");
  const auto refused = [&](int64_t count, int64_t batch, const std::vector<int64_t>& seeds) {
    DrawOptions options;
    options.count = count, options.batch = batch, options.seeds = seeds;
    return refusal([&] { draw(*model, options); });
  };
  EXPECT_THAT(refused(0, 1, {0}), HasSubstr("at least one sample"));
  EXPECT_THAT(refused(1, 0, {0}), HasSubstr("batches of at least one"));
  EXPECT_THAT(refused(3, 1, {1, 2}), HasSubstr("expected one seed, or 3"));
}

}  // namespace
}  // namespace steer
