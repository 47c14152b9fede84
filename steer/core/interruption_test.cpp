#include "steer/core/interruption.h"

#include <gtest/gtest.h>

#include <thread>

namespace steer {
namespace {

TEST(Interruption, IsSeenByThoseWhoAskUntilItIsForgotten) {
  forget_interruption();
  EXPECT_FALSE(interruption_asked());
  ask_interruption();
  EXPECT_TRUE(interruption_asked());
  EXPECT_NO_THROW(end_if_interrupted());  // without a look a step is finished
  forget_interruption();
  EXPECT_FALSE(interruption_asked());
}

TEST(Interruption, IsWhatTheLookOfThisThreadSays) {
  bool asked = false, inner_asked = false;
  const InterruptionLook look([&] { return asked; });
  EXPECT_FALSE(interruption_asked());
  EXPECT_NO_THROW(end_if_interrupted());
  asked = true;
  EXPECT_TRUE(interruption_asked());
  EXPECT_THROW(end_if_interrupted(), Interrupted);
  bool elsewhere = true;
  std::thread([&] { elsewhere = interruption_asked(); }).join();
  EXPECT_FALSE(elsewhere);
  {
    const InterruptionLook inner([&] { return inner_asked; });
    EXPECT_FALSE(interruption_asked());
  }
  EXPECT_TRUE(interruption_asked());
}

TEST(Interruption, WaitsForWhatMustBeDoneWhole) {
  const InterruptionLook look([] { return true; });
  {
    const Uninterrupted whole, within;
    EXPECT_NO_THROW(end_if_interrupted());
    EXPECT_TRUE(interruption_asked());
  }
  EXPECT_THROW(end_if_interrupted(), Interrupted);
}

}  // namespace
}  // namespace steer
