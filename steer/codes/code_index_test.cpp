#include "steer/codes/code_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "steer/codes/signed_bytes.h"
#include "steer/core/check.h"
#include "steer/testing/mutations.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

using testing::HasSubstr;

CodeIndex tiny_index() {
  CodeIndex index;
  index.codes.coder = Coder::kPacked;
  index.codes.fingerprint = 7;
  index.codes.candidates = {4, 300};
  index.codes.code = torch::tensor({{1, 299}, {0, 2}, {3, 7}}, torch::kInt64);
  index.sketch = torch::arange(12, torch::kUInt8).view({3, 1, 2, 2});
  index.data = "some/folder";
  index.split = "train";
  return index;
}

std::string index_refusal(const std::string& bytes) {
  const std::string fault = refusal([&] { read_index(bytes, "x.idx"); });
  if (fault != "accepted") {
    EXPECT_THAT(fault, HasSubstr("] x.idx: expected "));
  }
  return fault;
}

TEST(CodeIndex, ComesBack) {
  const CodeIndex index = tiny_index(), back = read_index(write_index(index), "x");
  EXPECT_EQ(back.data, index.data);
  EXPECT_EQ(back.split, index.split);
  EXPECT_EQ(back.fit, index.fit);
  EXPECT_EQ(back.codes.fingerprint, index.codes.fingerprint);
  EXPECT_TRUE(torch::equal(back.codes.code, index.codes.code));
  EXPECT_TRUE(torch::equal(back.sketch, index.sketch));
  EXPECT_EQ(write_index(back), write_index(index));
}

TEST(CodeIndex, CutFlippedAndForeignBytesAreRefused) {
  const std::string bytes = write_index(tiny_index());
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_NE(index_refusal(bytes.substr(0, size)), "accepted") << size;
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_NE(index_refusal(flipped), "accepted") << bit;
  }
  EXPECT_THAT(index_refusal(write_codes(tiny_index().codes)),
              HasSubstr("an index of codes but got another kind"));
  std::string longer = bytes;
  longer.insert(longer.size() - 4, "x");
  EXPECT_THAT(index_refusal(signed_again(longer)), HasSubstr("1 more bytes"));
}

TEST(CodeIndex, SketchesOfAnotherShapeAreNotWritten) {
  CodeIndex index = tiny_index();
  index.sketch = index.sketch.narrow(0, 0, 2);
  EXPECT_THROW(write_index(index), Error);
  index.sketch = Tensor();
  EXPECT_THROW(write_index(index), Error);
}

TEST(CodeIndex, DamagedFilesAreRefusedOrRead) {
  const std::string bytes = write_index(tiny_index());
  Random random(5);
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string other = damaged(bytes, random);
    if (random.below(4)) other = signed_again(other);
    try {
      const CodeIndex index = read_index(other, "x");
      EXPECT_EQ(write_index(index).substr(0, 10), bytes.substr(0, 10));
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace steer
