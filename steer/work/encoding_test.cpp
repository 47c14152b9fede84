#include "steer/work/encoding.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/testing/refusal.h"
#include "steer/work/small_codecs.h"

namespace steer {
namespace {

Tensor some_images(int64_t count) {
  torch::manual_seed(3);
  return torch::rand({count, 1, 8, 8}) * 2 - 1;
}

TEST(Encoding, DoesNotDependOnTheBatch) {
  const LoadedModel loaded = loaded_ddn();
  const Codec& codec = as_codec(loaded, "test");
  const Tensor x = some_images(5);
  const Encoded whole = codec.encode(x), parts = encode_all(codec, x, 2, 1, torch::kCPU);
  EXPECT_TRUE(torch::equal(parts.code, whole.code));
  EXPECT_TRUE(torch::allclose(parts.state.x, whole.state.x, 1e-5, 1e-5));
  EXPECT_TRUE(torch::allclose(parts.error, whole.error, 1e-5, 1e-6));
  const State decoded = decode_all(codec, parts.code, 2, torch::kCPU);
  EXPECT_TRUE(torch::allclose(decoded.x, whole.state.x.clamp(-1, 1), 1e-5, 1e-5));
  const std::vector<State> layers = unfold_all(codec, parts.code, {0, 2}, 2, torch::kCPU);
  ASSERT_EQ(layers.size(), 2u);
  EXPECT_EQ(layers[0].size(), 5);
  EXPECT_TRUE(torch::allclose(layers[1].x, codec.unfolded(whole.code, {2})[0].x.clamp(-1, 1), 1e-5, 1e-5));
}

TEST(Encoding, TellsTheWatchAndEndsWhenItSaysSo) {
  const LoadedModel loaded = loaded_ddn();
  const Codec& codec = as_codec(loaded, "test");
  std::vector<double> shares;
  const WorkWatch listen = [&](const Moment& moment) {
    shares.push_back(moment.share);
    return true;
  };
  encode_all(codec, some_images(4), 1, 1, torch::kCPU, {}, listen);
  EXPECT_EQ(shares, (std::vector<double>{0, 0.25, 0.5, 0.75, 1}));
  int64_t heard = 0;
  const WorkWatch end = [&](const Moment&) { return ++heard < 2; };
  EXPECT_NE(
      refusal([&] { encode_all(codec, some_images(4), 1, 1, torch::kCPU, {}, end); }).find("interrupted"),
      std::string::npos);
  EXPECT_EQ(heard, 2);
}

TEST(Encoding, ErrorIsTheMeanSquareOfEachSample) {
  const Tensor a = torch::zeros({2, 1, 2, 2}), b = torch::tensor({1, 1, 1, 1, 2, 0, 0, 0}).view({2, 1, 2, 2});
  EXPECT_TRUE(torch::equal(error_of(a, b), torch::tensor({1.0, 1.0}, torch::kFloat64)));
}

}  // namespace
}  // namespace steer
