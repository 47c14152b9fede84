#include "steer/core/precision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/core/machine.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

TEST(Precision, NamesComeBack) {
  for (Precision precision : {Precision::kFloat32, Precision::kBFloat16})
    EXPECT_EQ(make_precision(name(precision), torch::kCPU), precision);
  EXPECT_EQ(scalar_type(Precision::kFloat32), torch::kFloat32);
  EXPECT_EQ(scalar_type(Precision::kBFloat16), torch::kBFloat16);
}

TEST(Precision, AutoFollowsTheDevice) {
  EXPECT_EQ(make_precision("auto", torch::Device(torch::kCUDA, 0)), Precision::kBFloat16);
  EXPECT_EQ(make_precision("auto", torch::kCPU) == Precision::kBFloat16, this_machine().bfloat16);
}

TEST(Precision, OtherWordsAreRefusedWithTheList) {
  EXPECT_EQ(refusal([] { make_precision("half", torch::kCPU); }),
            "[precision] expected auto, float32 or bfloat16 but got \"half\"");
}

}  // namespace
}  // namespace steer
