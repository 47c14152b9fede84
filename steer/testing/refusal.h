// What tests ask of an action that must fail.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "steer/core/check.h"

namespace steer {

// The text of the Error that the action throws, which is one line; "accepted" where it throws none.
template <class Action>
std::string refusal(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.what();
  }
  return "accepted";
}

}  // namespace steer
