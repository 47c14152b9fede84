#include "steer/work/density_learning.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "steer/core/files.h"
#include "steer/testing/refusal.h"
#include "steer/testing/temporary_folder.h"
#include "steer/work/density_film.h"

namespace steer {
namespace {

DensityRequest small_density() {
  DensityRequest request;
  request.density = "blobs";
  request.options.nodes = 200;
  request.samples = 3000, request.passes = 2;
  request.bins = 20, request.frames = 3;
  request.seed = 4;
  return request;
}

TEST(DensityLearning, SplitsBringPointsNearerThanTheGradientAlone) {
  DensityRequest request = small_density();
  request.compare = true;
  const DensityLearning made = learn_density(request);
  ASSERT_TRUE(made.gradient_only);
  EXPECT_LT(made.trained.js, made.gradient_only->js);
  EXPECT_GT(made.splits, 0);
  EXPECT_EQ(made.points.sizes(), (std::vector<int64_t>{200, 2}));
  EXPECT_EQ(made.film.sizes(), (std::vector<int64_t>{3, 400, 808}));
  const Json json = density_json(made, request);
  EXPECT_EQ(json["trained"]["js"], made.trained.js);
  EXPECT_EQ(json["gradient_only"]["tv"], made.gradient_only->tv);
}

TEST(DensityLearning, TheSameSeedGivesTheSamePointsWhateverIsFilmed) {
  DensityRequest request = small_density();
  const Tensor points = learn_density(request).points;
  EXPECT_TRUE(torch::equal(points, learn_density(request).points));
  request.seed = 5;
  EXPECT_FALSE(torch::equal(points, learn_density(request).points));
}

TEST(DensityLearning, AWatchEndsItEarly) {
  int64_t calls = 0;
  const DensityLearning made = learn_density(small_density(), [&](const Moment& moment) {
    EXPECT_EQ(moment.title, "density blobs");
    return ++calls < 2;  // the first call is before the first part
  });
  EXPECT_TRUE(made.interrupted);
  EXPECT_EQ(made.film.size(0), 2);
}

TEST(DensityLearning, AFilmHasItsFiguresBeside) {
  const TemporaryFolder folder;
  const DensityRequest request = small_density();
  const DensityLearning made = learn_density(request);
  write_density_film(folder / "film.gif", made, request);
  EXPECT_EQ(read_file(folder / "film.gif").substr(0, 3), "GIF");
  EXPECT_EQ(Json::parse(read_file(folder / "film.json"))["nodes"], 200);
  DensityRequest unknown = request;
  unknown.density = "spiral";
  EXPECT_NE(refusal([&] { learn_density(unknown); }).find("spirals"), std::string::npos);
}

}  // namespace
}  // namespace steer
