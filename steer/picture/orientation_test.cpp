#include "steer/picture/orientation.h"

#include <gtest/gtest.h>

#include <string>

namespace steer {
namespace {

// Exif data of one entry, in either order of bytes.
std::string exif(int orientation, bool little, int tag = 0x0112, int type = 3) {
  std::string bytes = little ? "II" : "MM";
  const auto put = [&](uint32_t value, int count) {
    for (int i = 0; i < count; ++i) bytes += static_cast<char>(value >> 8 * (little ? i : count - 1 - i));
  };
  put(42, 2), put(8, 4), put(1, 2), put(static_cast<uint32_t>(tag), 2), put(static_cast<uint32_t>(type), 2);
  put(1, 4), put(static_cast<uint32_t>(orientation), 2), put(0, 2), put(0, 4);
  return bytes;
}

TEST(Orientation, IsReadInBothOrdersOfBytes) {
  for (int value = 1; value <= 8; ++value)
    for (const bool little : {true, false}) {
      EXPECT_EQ(orientation_in(exif(value, little)), value);
      EXPECT_EQ(orientation_in(std::string("Exif\0\0", 6) + exif(value, little)), value);
    }
}

TEST(Orientation, WhatCannotBeReadIsAsStored) {
  EXPECT_EQ(orientation_in(exif(9, true)), 1);
  EXPECT_EQ(orientation_in(exif(0, true)), 1);
  EXPECT_EQ(orientation_in(exif(6, true, 0x0113)), 1);
  EXPECT_EQ(orientation_in(exif(6, true, 0x0112, 4)), 1);
  EXPECT_EQ(orientation_in("XX" + exif(6, true).substr(2)), 1);
  const std::string whole = exif(6, false);
  for (size_t length = 0; length < 20; ++length)
    EXPECT_EQ(orientation_in(whole.substr(0, length)), 1) << length;
  // A directory far away, and as many entries as there can be.
  EXPECT_EQ(orientation_in(std::string("II*\0\xff\xff\xff\xff", 8)), 1);
  EXPECT_EQ(orientation_in(std::string("II*\0\x08\0\0\0\xff\xff", 10)), 1);
}

// Where the upper left and the upper right of what a viewer shows were stored (Exif 2.32, 4.6.4 A).
TEST(Orientation, PicturesStandUpright) {
  const Tensor stored = torch::arange(6, torch::kUInt8).view({1, 2, 3});  // 0 1 2 / 3 4 5
  const std::vector<std::vector<int>> shown = {{0, 1, 2, 3, 4, 5}, {2, 1, 0, 5, 4, 3}, {5, 4, 3, 2, 1, 0},
                                               {3, 4, 5, 0, 1, 2}, {0, 3, 1, 4, 2, 5}, {3, 0, 4, 1, 5, 2},
                                               {5, 2, 4, 1, 3, 0}, {2, 5, 1, 4, 0, 3}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Tensor turned = upright(stored, orientation).contiguous();
    EXPECT_EQ(turned.size(1), orientation < 5 ? 2 : 3);
    const std::vector<int>& expected = shown[static_cast<size_t>(orientation - 1)];
    for (int64_t i = 0; i < 6; ++i)
      EXPECT_EQ(turned.flatten()[i].item<int>(), expected[static_cast<size_t>(i)]) << orientation;
  }
}

}  // namespace
}  // namespace steer
