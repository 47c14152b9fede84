#include "steer/data/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <limits>

#include "steer/testing/refusal.h"

namespace steer {
namespace {

using testing::HasSubstr;

// Three samples with a mass, and a charge that one of them lacks.
class Weighed : public Dataset {
 public:
  int64_t size() const override { return 3; }
  Space space() const override {
    Space space;
    space.sizes = {1};
    return space;
  }
  std::vector<std::string> values() const override { return {"charge", "mass"}; }
  Batch batch(const std::vector<int64_t>& indices) const override {
    const double none = std::numeric_limits<double>::quiet_NaN();
    const Tensor index = torch::tensor(indices, torch::kInt64);
    Batch batch;
    batch.told.value = torch::tensor({{1., 10.}, {none, 20.}, {3., 30.}}).index_select(0, index);
    batch.index = index;
    return batch;
  }
};

TEST(Values, ColumnsFollowTheNames) {
  const Tensor columns = value_columns({"mass", "charge"}, {"charge", "spin", "mass"}, "[test] data");
  EXPECT_TRUE(torch::equal(columns, torch::tensor({2, 0}, torch::kInt64)));
  EXPECT_EQ(value_columns({}, {"mass"}, "[test]").numel(), 0);
  EXPECT_THAT(refusal([] {
                value_columns({"size"}, {"charge", "mass"}, "[test] data");
              }),
              HasSubstr("[test] data: expected names out of charge, mass but got size"));
  EXPECT_THAT(refusal([] { value_columns({"size"}, {}, "[test]"); }), HasSubstr("(none)"));
}

TEST(Values, AreThoseOfAllSamplesAndNoneMayLack) {
  EXPECT_TRUE(torch::equal(all_values(Weighed(), {"mass"}, "[test]"), torch::tensor({{10.}, {20.}, {30.}})));
  EXPECT_THAT(refusal([] {
                all_values(Weighed(), {"mass", "charge"}, "[test]");
              }),
              HasSubstr("expected all samples to have charge but some do not"));
}

}  // namespace
}  // namespace steer
