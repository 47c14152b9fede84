#include "steer/work/interpolation.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/picture/images.h"
#include "steer/testing/temporary_folder.h"
#include "steer/work/small_codecs.h"

namespace steer {
namespace {

TEST(Interpolation, CodesGoFromOneEndToTheOther) {
  const Tensor a = torch::tensor({1, 2, 3, 4}), b = torch::tensor({5, 6, 7, 8});
  const Tensor codes = blended_codes(a, b, 3);
  EXPECT_TRUE(torch::equal(codes, torch::tensor({{1, 2, 3, 4}, {5, 6, 3, 4}, {5, 6, 7, 8}})));
}

TEST(Interpolation, TheWayBeginsAndEndsAtTheEnds) {
  const TemporaryFolder folder;
  const LoadedModel loaded = loaded_ddn();
  torch::manual_seed(5);
  InterpolationOptions options;
  options.ends = {folder / "a.png", folder / "b.png"};
  options.steps = 4;
  for (const std::string& path : options.ends) write_png(path, torch::rand({1, 8, 8}) * 2 - 1);
  const Codec& codec = as_codec(loaded, "test");
  const Tensor ends = torch::stack({read_image(options.ends[0], 1), read_image(options.ends[1], 1)});
  const Encoded made = codec.encode(ends);
  for (const char* by : {"layers", "values"}) {
    options.by = by;
    const Interpolation way = interpolate(loaded, options);
    EXPECT_TRUE(torch::equal(way.code[0], made.code[0])) << by;
    EXPECT_TRUE(torch::equal(way.code[3], made.code[1])) << by;
    EXPECT_TRUE(torch::allclose(way.samples.x, codec.decode(way.code).x.clamp(-1, 1), 1e-5, 1e-5));
    EXPECT_GE(way.longest_step, way.mean_step);
    EXPECT_EQ(way.figures["codes"].size(), 4u);
    EXPECT_EQ(way.picture.size(2), 2 + 6 * 10);
  }
  options.steps = 1;
  EXPECT_THROW(interpolate(loaded, options), Error);
}

}  // namespace
}  // namespace steer
