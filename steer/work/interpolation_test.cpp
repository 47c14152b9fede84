#include "steer/work/interpolation.h"

#include <gtest/gtest.h>

#include "steer/core/check.h"
#include "steer/models/small_models.h"
#include "steer/picture/images.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"
#include "steer/work/small_codecs.h"

namespace steer {
namespace {

TEST(Interpolation, PlacesLieAtEvenDistances) {
  const Tensor lengths = torch::tensor({0.1, 0.1, 0.8, 1.0, 0.0, 1.0, 1.0}, torch::kFloat64);
  EXPECT_EQ(even_places(lengths, 5), (std::vector<int64_t>{0, 3, 4, 6, 7}));
  EXPECT_EQ(even_places(lengths, 2), (std::vector<int64_t>{0, 7}));
  // No sample twice, and none that did not move.
  EXPECT_EQ(even_places(lengths, 100), (std::vector<int64_t>{0, 1, 2, 3, 4, 6, 7}));
  EXPECT_EQ(even_places(at::zeros({4}, torch::kFloat64), 3), (std::vector<int64_t>{0}));
}

TEST(Interpolation, TheTreesWayKeepsFewerAndFewerOfTheFirstLayers) {
  const LoadedModel loaded = loaded_ddn();
  const Codec& codec = as_codec(loaded, "test");
  torch::manual_seed(5);
  const Tensor ends = torch::rand({2, 1, 8, 8}) * 2 - 1;
  const Tensor code = codec.encode(ends).code;
  const int64_t depth = code.size(1);
  const Tensor held = torch::tensor({depth, static_cast<int64_t>(2), static_cast<int64_t>(0)});
  const Encoded way =
      codec.continued(code.narrow(0, 0, 1).repeat({3, 1}), held, ends.narrow(0, 1, 1).repeat({3, 1, 1, 1}));
  EXPECT_TRUE(torch::equal(way.code[0], code[0]));
  EXPECT_TRUE(torch::equal(way.code[1].narrow(0, 0, 2), code[0].narrow(0, 0, 2)));
  EXPECT_TRUE(torch::equal(way.code[2], code[1]));
  EXPECT_TRUE(torch::allclose(way.state.x, codec.decode(way.code).x, 1e-5, 1e-5));
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
    EXPECT_TRUE(torch::equal(way.code[-1], made.code[1])) << by;
    const int64_t n = way.samples.size();
    EXPECT_LE(n, 4);
    EXPECT_GE(n, 2);
    EXPECT_TRUE(torch::allclose(way.samples.x, codec.decode(way.code).x.clamp(-1, 1), 1e-5, 1e-5));
    EXPECT_GE(way.longest_step, way.mean_step);
    EXPECT_EQ(way.figures["codes"].size(), static_cast<size_t>(n));
    EXPECT_EQ(way.picture.size(2), 2 + (n + 2) * 10);
  }
  options.steps = 1;
  EXPECT_THROW(interpolate(loaded, options), Error);
}

TEST(Interpolation, ThroughTheNoiseItGoesFromTheSampleOfOneSeedToThatOfTheOther) {
  LoadedModel loaded;
  loaded.model = small_diffusion("edm", 3);
  InterpolationOptions options;
  options.seeds = {4, 9}, options.label = "2", options.steps = 5;
  const Interpolation way = interpolate(loaded, options);
  ASSERT_EQ(way.samples.size(), 5);
  EXPECT_EQ(way.figures["by"], "noise");
  DrawRequest request;
  request.seeds = torch::tensor({4, 9}, torch::kInt64);
  request.told.label = torch::tensor({2, 2}, torch::kInt64);
  const Tensor ends = as_generator(loaded, "test").draw(request).state.x;
  EXPECT_TRUE(torch::allclose(way.samples.x[0], ends[0], 0, 1e-4));
  EXPECT_TRUE(torch::allclose(way.samples.x[4], ends[1], 0, 1e-4));
  EXPECT_LT(way.longest_step, (ends[0] - ends[1]).square().mean().sqrt().item<double>());
  EXPECT_EQ(film_of(loaded.model->space(), way.samples).sizes(), (std::vector<int64_t>{5, 1, 128, 128}));

  // Files, whose noise is found backwards, come back at the ends.
  const TemporaryFolder folder;
  options.seeds.clear(), options.ends = {folder / "a.png", folder / "b.png"};
  for (int64_t i = 0; i < 2; ++i) write_png(options.ends[static_cast<size_t>(i)], ends[i]);
  const Tensor back = interpolate(loaded, options).samples.x;
  EXPECT_LT((back[0] - ends[0]).abs().max().item<double>(), 0.1);
  EXPECT_LT((back[4] - ends[1]).abs().max().item<double>(), 0.1);
}

TEST(Interpolation, RefusesWhatIsNoWay) {
  LoadedModel diffusion;
  diffusion.model = small_diffusion("edm");
  InterpolationOptions options;
  options.seeds = {1};
  EXPECT_NE(
      refusal([&] { interpolate(diffusion, options); }).find("two files or, for a diffusion, two seeds"),
      std::string::npos);
  options.seeds = {1, 2}, options.by = "layers";
  EXPECT_NE(refusal([&] { interpolate(diffusion, options); }).find("expected a ddn for a way by layers"),
            std::string::npos);
  options.by = "noise";
  EXPECT_NE(refusal([&] { interpolate(loaded_ddn(), options); }).find("expected a diffusion"),
            std::string::npos);
  options.by = "";
  EXPECT_NE(refusal([&] { interpolate(loaded_ddn(), options); }).find("two seeds"), std::string::npos);
}

}  // namespace
}  // namespace steer
